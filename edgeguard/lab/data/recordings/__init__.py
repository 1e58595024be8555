"""A folder of recordings, described in a TOML file, as a data set: a user's own data without code."""
