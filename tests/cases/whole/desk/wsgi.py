from desk import create_app

app = create_app()

if __name__ == "__main__":
    from desk.extensions import socketio

    socketio.run(app, debug=True)
