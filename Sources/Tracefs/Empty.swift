/// Will be replaced.
