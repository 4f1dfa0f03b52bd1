// The peer of the decode bench: kbuffer walks the pages, libtraceevent reads the fields.
//
// peer DIRECTORY walk|fields ROUNDS: prints the events and nanoseconds of the fastest round, and a sum.
#include <event-parse.h>
#include <kbuffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *slurp(const char *dir, const char *name, size_t *size)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(1);
	}
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	char *text = malloc(*size + 1);
	if (!text || fread(text, 1, *size, file) != *size)
		exit(1);
	text[*size] = 0;
	fclose(file);
	return text;
}

static void load_formats(struct tep_handle *tep, char *text)
{
	while (text && text[0] == '#') {
		char *line = strchr(text, '\n');
		*line = 0;
		char *system = text + 2, *body = line + 1;
		char *next = strstr(body, "\n# ");
		size_t size = next ? (size_t)(next + 1 - body) : strlen(body);
		tep_parse_event(tep, body, size, system);
		text = next ? next + 1 : NULL;
	}
}

static unsigned long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (unsigned long long)time.tv_sec * 1000000000ull + (unsigned long long)time.tv_nsec;
}

static struct tep_format_field *find(struct tep_handle *tep, const char *event, const char *name)
{
	struct tep_event *found = tep_find_event_by_name(tep, "sched", event);
	return found ? tep_find_any_field(found, name) : NULL;
}

static int id_of(struct tep_handle *tep, const char *event)
{
	struct tep_event *found = tep_find_event_by_name(tep, "sched", event);
	return found ? found->id : -1;
}

static unsigned long long read_fields(struct tep_format_field **fields, int count, void *data)
{
	unsigned long long sum = 0, value;
	for (int i = 0; i < count; i++)
		if (fields[i] && !tep_read_number_field(fields[i], data, &value))
			sum += (unsigned int)value;
	return sum;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	size_t size, formats;
	char *pages = slurp(argv[1], "pages.raw", &size);
	struct tep_handle *tep = tep_alloc();
	tep_set_long_size(tep, 8);
	load_formats(tep, slurp(argv[1], "formats.txt", &formats));
	int with_fields = !strcmp(argv[2], "fields");
	int sw = id_of(tep, "sched_switch"), waking = id_of(tep, "sched_waking"),
	    wakeup = id_of(tep, "sched_wakeup");
	static const char *const sw_names[] = {"prev_pid", "prev_prio", "prev_state", "next_pid", "next_prio"};
	static const char *const wake_names[] = {"pid", "prio", "target_cpu"};
	struct tep_format_field *sw_fields[5], *waking_fields[3], *wakeup_fields[3];
	for (int i = 0; i < 5; i++)
		sw_fields[i] = find(tep, "sched_switch", sw_names[i]);
	for (int i = 0; i < 3; i++) {
		waking_fields[i] = find(tep, "sched_waking", wake_names[i]);
		wakeup_fields[i] = find(tep, "sched_wakeup", wake_names[i]);
	}
	struct kbuffer *buffer = kbuffer_alloc(KBUFFER_LSIZE_8, KBUFFER_ENDIAN_LITTLE);
	unsigned long long best = ~0ull, events = 0, sum = 0;
	for (int round = 0; round < atoi(argv[3]); round++) {
		unsigned long long start = now();
		events = sum = 0;
		for (size_t at = 0; at + 4096 <= size; at += 4096) {
			unsigned long long time;
			kbuffer_load_subbuffer(buffer, pages + at);
			void *data = kbuffer_read_event(buffer, &time);
			for (; data; data = kbuffer_next_event(buffer, &time)) {
				struct tep_record record = {.data = data};
				events++;
				sum += time;
				if (!with_fields)
					continue;
				int id = tep_data_type(tep, &record);
				if (id == sw)
					sum += read_fields(sw_fields, 5, data);
				else if (id == waking)
					sum += read_fields(waking_fields, 3, data);
				else if (id == wakeup)
					sum += read_fields(wakeup_fields, 3, data);
			}
		}
		unsigned long long time = now() - start;
		if (time < best)
			best = time;
	}
	printf("%llu %llu %llu\n", events, best, sum);
	return 0;
}
