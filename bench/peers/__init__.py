"""The peers: nchan, Socket.IO, python-socketio, and a bare socket as the floor under them all."""
