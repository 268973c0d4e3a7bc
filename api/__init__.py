"""The two doors to the twin, HTTP and the command line, and the only place where all parts meet."""
