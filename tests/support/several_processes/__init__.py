"""Parts of the tests of several processes: programs under a launcher, and functions that run in another process."""
