# pack.py RECORDED OUT: packs what record.sh recorded: formats in one file, only the functions that the pages name.
import struct,os,sys,bisect
src,dst=sys.argv[1],sys.argv[2]
os.makedirs(dst,exist_ok=True)
used=set(); ids={}
out=[]
for s in sorted(os.listdir(src+'/formats')):
    for e in sorted(os.listdir(f'{src}/formats/{s}')):
        t=open(f'{src}/formats/{s}/{e}').read()
        out.append(f'# {s}\n{t}')
open(dst+'/formats.txt','w').write('\n'.join(out))
text=[]
for l in open(src+'/kallsyms.full'):
    a,t,n=l.rstrip('\n').split(' ',2)
    if t in 'tTwW': text.append((int(a,16),l))
text.sort(key=lambda x:x[0]); addrs=[a for a,_ in text]
keep=set()
for c in (0,1):
    d=open(f'{src}/cpu{c}.raw','rb').read()
    open(f'{dst}/cpu{c}.raw','wb').write(d)
    for o in range(0,len(d)-7,4):
        v=struct.unpack_from('<Q',d,o)[0]
        if addrs[0]<=v<=addrs[-1]:
            i=bisect.bisect_right(addrs,v)-1
            if v-addrs[i]>1<<20: continue
            a=addrs[i]
            i=bisect.bisect_left(addrs,a)
            while i<len(addrs) and addrs[i]==a: keep.add(i); i+=1
            if i<len(addrs): keep.add(i)
open(dst+'/kallsyms','w').write(''.join(text[i][1] for i in sorted(keep)))
for f in ('header_page','header_event','saved_cmdlines','kernel'):
    open(dst+'/'+f,'w').write(open(src+'/'+f).read())
