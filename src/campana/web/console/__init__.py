"""The console: pages for people, made on the server; one file a screen, its templates beside it."""
