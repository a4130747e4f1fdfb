"""One network trained by several processes, each of which computes a part of every gradient."""
