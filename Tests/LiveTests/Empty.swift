// The live tests follow.
