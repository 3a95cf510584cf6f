"""The running installation: its processes and storage nodes."""
