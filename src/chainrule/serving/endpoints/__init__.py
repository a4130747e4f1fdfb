"""The endpoints of a server: predictions in two protocols, and the description of both."""
