//! What serves code that was there before: the server fits it, and code whose
//! state is in one process gets one.

use assert_fs::TempDir;

use crate::init::{init, read, report, write};

/// A repository of a few files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (path, text) in files {
        write(&directory, path, text);
    }
    directory
}

fn notes(report: &serde_json::Value) -> String {
    report["notes"].as_array().unwrap().iter().map(|note| format!("{note}\n")).collect()
}

const APSCHEDULER: &str = "from apscheduler.schedulers.asyncio import AsyncIOScheduler\nfrom fastapi import FastAPI\nsched = AsyncIOScheduler()\napp = FastAPI(on_startup=[sched.start])\n@app.get('/health')\ndef h(): ...\n";
const SOCKETS: &str = "from fastapi import FastAPI, WebSocket\napp = FastAPI()\nclass Hub:\n    def __init__(self):\n        self.connections = set()\nhub = Hub()\n@app.websocket('/ws')\nasync def ws(s: WebSocket): ...\n";
const SOCKETIO: &str = "import socketio\nfrom fastapi import FastAPI\nfapp = FastAPI()\nsio = socketio.AsyncServer(async_mode='asgi')\napp = socketio.ASGIApp(sio, fapp)\n";
const FLASK: &str = "from flask import Flask\nfrom flask_socketio import SocketIO\napp = Flask(__name__)\nsocketio = SocketIO(app)\n";

/// The requirements, `main.py`, and a part of the reason.
const ONE_PROCESS: [(&str, &str, &str); 4] = [
    ("fastapi\nuvicorn\napscheduler\n", APSCHEDULER, "the scheduler is inside the process"),
    ("fastapi\nuvicorn[standard]\n", SOCKETS, "open WebSockets are kept in memory"),
    ("fastapi\nuvicorn\npython-socketio\n", SOCKETIO, "Socket.IO without a message queue"),
    ("flask\ngunicorn\nflask-socketio\n", FLASK, "Socket.IO without a message queue"),
];

#[test]
fn code_whose_state_is_in_one_process_gets_one_and_a_pinned_number_wins_with_a_warning() {
    for (requirements, main, why) in ONE_PROCESS {
        let files = [("requirements.txt", requirements), ("main.py", main)];
        let directory = repository(&files);
        let written = report(&directory, &[]);
        let said = notes(&written);
        assert!(!said.contains("add one to the compose file"), "{said}");
        let explained = crate::support::dockwright()
            .current_dir(&directory)
            .args(["plan", "--explain", "web.workers"])
            .assert()
            .success();
        let text = String::from_utf8_lossy(&explained.get_output().stdout).into_owned();
        assert!(text.contains("web.workers = 1") && text.contains(why), "{text}");
        let pinned = report(&repository(&files), &["--set", "tune.web.workers=3"]);
        let said = notes(&pinned);
        assert!(said.contains("runs 3 processes") && said.contains(why), "{said}");
    }
}

#[test]
fn a_process_of_threads_stands_for_the_workers_that_sockets_cannot_have() {
    let (requirements, main, _) = ONE_PROCESS[3];
    let directory = repository(&[("requirements.txt", requirements), ("main.py", main)]);
    init(&directory, &["--set", "stack.proxy=nginx"]).success();
    let gunicorn = read(&directory, "gunicorn.conf.py");
    assert!(gunicorn.contains("or 1)") && gunicorn.contains("threads = 100"), "{gunicorn}");
    let nginx = read(&directory, "nginx/nginx.conf");
    assert!(nginx.contains("proxy_set_header Upgrade"), "{nginx}");
}

#[test]
fn what_templates_look_up_is_compressed_and_listed_in_the_image() {
    let settings = "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nINSTALLED_APPS = ['django.contrib.staticfiles', 'compressor']\nSTATIC_URL = '/static/'\nSTATIC_ROOT = 'collected'\nCOMPRESS_OFFLINE = True\nROOT_URLCONF = 'core.urls'\n";
    for (settings, compressed) in
        [(settings.to_owned(), true), (settings.replace("True", "False"), false)]
    {
        let directory = repository(&[
            ("requirements.txt", "django==5.2\ndjango-compressor==4.5\n"),
            CHANNELS[0],
            CHANNELS[1],
            ("core/settings.py", &settings),
            CHANNELS[3],
            (
                "core/wsgi.py",
                "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
            ),
        ]);
        init(&directory, &[]).success();
        let dockerfile = read(&directory, "Dockerfile");
        assert_eq!(
            dockerfile.lines().any(|line| line.trim_end().ends_with(" compress")),
            compressed,
            "{dockerfile}"
        );
        let listed =
            dockerfile.contains("COPY --from=static /app/collected/CACHE /app/collected/CACHE");
        assert_eq!(listed, compressed, "{dockerfile}");
    }
}

const CHANNELS: [(&str, &str); 5] = [
    ("manage.py", "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'core.settings')\n"),
    ("core/__init__.py", ""),
    (
        "core/settings.py",
        "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nINSTALLED_APPS = ['daphne', 'channels']\nROOT_URLCONF = 'core.urls'\nASGI_APPLICATION = 'core.asgi.application'\n",
    ),
    (
        "core/urls.py",
        "from django.urls import path\nurlpatterns = [path('healthz', lambda r: r)]\n",
    ),
    (
        "core/asgi.py",
        "from django.core.asgi import get_asgi_application\nfrom channels.routing import ProtocolTypeRouter, URLRouter\napplication = ProtocolTypeRouter({'http': get_asgi_application(), 'websocket': URLRouter([])})\n",
    ),
];

#[test]
fn what_speaks_websockets_gets_a_library_for_them_unless_it_has_one() {
    let channels =
        |requirements| [CHANNELS.as_slice(), &[("requirements.txt", requirements)]].concat();
    let sockets = |requirements| vec![("main.py", SOCKETS), ("requirements.txt", requirements)];
    for (files, missing) in [
        (channels("Django\nchannels\ndaphne\n"), true),
        (channels("Django\nchannels\ndaphne\nwsproto\n"), false),
        (sockets("fastapi\nuvicorn\n"), true),
        (sockets("fastapi\nuvicorn\nwebsockets\n"), false),
        (sockets("fastapi\nuvicorn[standard]\n"), false),
        (sockets("fastapi[standard]\nuvicorn\n"), false),
    ] {
        let directory = repository(&files);
        init(&directory, &[]).success();
        let dockerfile = read(&directory, "Dockerfile");
        assert_eq!(dockerfile.contains("websockets<="), missing, "{files:?}\n{dockerfile}");
    }
}

#[test]
fn a_server_that_is_replaced_is_named_with_the_reason() {
    let files =
        [CHANNELS.as_slice(), &[("requirements.txt", "Django\nchannels\ndaphne\n")]].concat();
    let said = notes(&report(&repository(&files), &[]));
    assert!(said.contains("daphne is installed: uvicorn takes its place"), "{said}");
    let files = [
        ("Procfile", "web: waitress-serve --port=$PORT main:app\n"),
        ("requirements.txt", "flask\nwaitress\n"),
        ("main.py", "from flask import Flask\napp = Flask(__name__)\n"),
    ];
    let said = notes(&report(&repository(&files), &[]));
    assert!(said.contains("waitress-serve starts the application today (Procfile:1)"), "{said}");
}

#[test]
fn a_host_that_every_name_is_makes_no_probe_weak() {
    let files =
        [CHANNELS.as_slice(), &[("requirements.txt", "Django\nchannels\ndaphne\n")]].concat();
    let directory = repository(&files);
    let said = notes(&report(&directory, &[]));
    assert!(!said.contains("health checks") && !said.contains("below 500"), "{said}");
    assert!(read(&directory, "Dockerfile").contains("200 <= connection.getresponse()"));
}

/// What is there, what starts it, its health path, its port.
const OWN: [(&str, &str, &str, &str, &str, u16); 7] = [
    (
        "streamlit",
        "app.py",
        "import streamlit as st\nst.title('Hi')\n",
        "\"streamlit\", \"run\", \"/app/app.py\", \"--server.address=0.0.0.0\", \"--server.port=8000\"",
        "/_stcore/health",
        8000,
    ),
    (
        "gradio",
        "app.py",
        "import gradio as gr\ndemo = gr.Interface(fn=len, inputs='text', outputs='text')\ndemo.launch()\n",
        "\"python\", \"/app/app.py\"",
        "/",
        8000,
    ),
    (
        "nicegui",
        "main.py",
        "from nicegui import ui\nui.label('Hi')\nui.run(port=8090)\n",
        "\"python\", \"/app/main.py\"",
        "/",
        8090,
    ),
    (
        "panel",
        "app.py",
        "import panel as pn\npn.Column('Hi').servable()\n",
        "\"panel\", \"serve\", \"/app/app.py\"",
        "/",
        8000,
    ),
    (
        "robyn",
        "app.py",
        "from robyn import Robyn\napp = Robyn(__file__)\n@app.get('/health')\ndef h(request): ...\napp.start(port=8081)\n",
        "\"python\", \"/app/app.py\"",
        "/health",
        8000,
    ),
    (
        "tornado",
        "server.py",
        "import tornado.web\ndef make_app():\n    return tornado.web.Application([])\ndef main():\n    make_app().listen(9000)\nif __name__ == '__main__':\n    main()\n",
        "\"python\", \"/app/server.py\"",
        "/health",
        9000,
    ),
    (
        "aiohttp",
        "serve.py",
        "from aiohttp import web\nasync def make():\n    app = web.Application()\n    return app\nif __name__ == '__main__':\n    web.run_app(make(), port=8095)\n",
        "\"python\", \"/app/serve.py\"",
        "/health",
        8095,
    ),
];

#[test]
fn code_with_a_server_of_its_own_is_started_by_it_in_one_process() {
    for (package, path, text, command, health, port) in OWN {
        let requirements = format!("{package}\n");
        let directory = repository(&[("requirements.txt", &requirements), (path, text)]);
        init(&directory, &[]).success();
        let dockerfile = read(&directory, "Dockerfile");
        assert!(dockerfile.contains(&format!("CMD [{command}")), "{package}\n{dockerfile}");
        assert!(dockerfile.contains(&format!("EXPOSE {port}\n")), "{package}\n{dockerfile}");
        assert!(
            dockerfile.contains(&format!("{health}'"))
                || dockerfile.contains(&format!("GET {health} "))
        );
        assert!(!dockerfile.contains("uvicorn") && !dockerfile.contains("gunicorn"));
        let compose = read(&directory, "compose.yaml");
        assert!(compose.contains(&format!(":{port}\"")), "{package}\n{compose}");
        // Later commands need not look again.
        crate::support::dockwright().current_dir(&directory).arg("check").assert().success();
    }
}

#[test]
fn a_script_that_a_command_starts_is_the_service_beside_an_application_that_nothing_starts() {
    let directory = repository(&[
        ("requirements.txt", "streamlit\nfastapi\n"),
        ("Procfile", "web: streamlit run ui/Home.py --server.port $PORT\n"),
        ("ui/Home.py", "import streamlit as st\nst.write(1)\n"),
        ("ui/pages/other.py", "import streamlit as st\nst.write(2)\n"),
        ("api/app.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
    ]);
    init(&directory, &[]).success();
    assert!(read(&directory, "Dockerfile").contains("\"/app/ui/Home.py\""));
}

#[test]
fn wsgi_objects_and_aiohttp_go_to_a_server_that_speaks_to_them() {
    let dash = "from dash import Dash, html\napp = Dash(__name__)\nserver = app.server\n";
    let aiohttp = "from aiohttp import web\napp = web.Application()\nweb.run_app(app)\n";
    let bottle = "from bottle import Bottle\napp = Bottle()\n";
    let falcon = "import falcon\napp = falcon.App()\n";
    for (package, main, object, class) in [
        ("dash", dash, "main:server", "gthread"),
        ("aiohttp", aiohttp, "main:app", "aiohttp.GunicornWebWorker"),
        ("bottle", bottle, "main:app", "gthread"),
        ("falcon", falcon, "main:app", "gthread"),
    ] {
        let requirements = format!("{package}\n");
        let directory = repository(&[("requirements.txt", &requirements), ("main.py", main)]);
        init(&directory, &[]).success();
        let dockerfile = read(&directory, "Dockerfile");
        assert!(dockerfile.contains(&format!("\"{object}\"]")), "{package}\n{dockerfile}");
        let gunicorn = read(&directory, "gunicorn.conf.py");
        assert!(gunicorn.contains(&format!("worker_class = \"{class}\"")), "{gunicorn}");
    }
}

#[test]
fn a_refusal_names_a_flag_only_where_that_starts_something() {
    let server = "import http.server\nhttp.server.HTTPServer(('', 8000), None).serve_forever()\n";
    let directory = repository(&[("requirements.txt", "x\n"), ("serve.py", server)]);
    let refused = init(&directory, &[]).code(2);
    let text = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(text.contains("project.app=MODULE:__main__"), "{text}");
    init(&directory, &["--set", "project.app=serve:app2.nothing", "--set", "project.root=src"])
        .code(2);
    let named = init(&directory, &["--set", "project.app=other:app"]).code(2);
    let text = String::from_utf8_lossy(&named.get_output().stderr).into_owned();
    assert!(text.contains("there is no module other below"), "{text}");
    init(&directory, &["--set", "project.app=serve:__main__"]).success();
    assert!(read(&directory, "Dockerfile").contains("CMD [\"python\", \"/app/serve.py\"]"));
    let bot = "import discord\nclient = discord.Client()\n";
    let directory = repository(&[("requirements.txt", "discord.py\n"), ("bot.py", bot)]);
    let refused = init(&directory, &[]).code(2);
    let text = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(!text.contains("--set"), "{text}");
}

#[test]
fn a_new_service_takes_no_server_that_only_code_brings() {
    for server in ["own", "gunicorn-aiohttp"] {
        let directory = TempDir::new().unwrap();
        crate::support::dockwright()
            .current_dir(&directory)
            .args(["new", "shop", "--yes", "--set", &format!("stack.server={server}")])
            .assert()
            .code(2);
    }
}
