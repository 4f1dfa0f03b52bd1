import ArgumentParser
print("breaktrace")
