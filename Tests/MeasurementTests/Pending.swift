// Tests come with the next merge.
