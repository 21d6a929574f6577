"""A package index behind a login.

Makes an authority and a certificate for its own address, and passes on, to those who log in, what the index has
that pip uses here. Takes USER_NAME and PASSWORD from the environment; /tmp/ca.pem is there once it answers.
"""

import base64, http.server, os, re, socket, ssl, subprocess, urllib.parse, urllib.request

here = socket.gethostbyname(socket.gethostname())
def openssl(*words):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *words], check=True)
openssl("-subj", "/CN=An authority of this test", "-keyout", "/tmp/ca.key", "-out", "/tmp/ca.new",
        "-addext", "keyUsage=critical,keyCertSign")
openssl("-subj", "/CN=index", "-keyout", "/tmp/index.key", "-out", "/tmp/index.pem", "-CA", "/tmp/ca.new",
        "-CAkey", "/tmp/ca.key", "-addext", "subjectAltName=IP:" + here, "-addext", "basicConstraints=CA:FALSE")

configured = subprocess.run(["pip", "config", "get", "global.index-url"], capture_output=True, text=True).stdout
if not configured.strip():
    from pip._internal.models.index import PyPI
    configured = PyPI.simple_url
upstream = configured.strip().rstrip("/") + "/"
login = "Basic " + base64.b64encode((os.environ["USER_NAME"] + ":" + os.environ["PASSWORD"]).encode()).decode()
files = {}

class Index(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def moved(self, page):
        def link(match):
            address = urllib.parse.urljoin(page, match[1])
            name = urllib.parse.urlsplit(address).path.rsplit("/", 1)[1]
            files[name] = address
            return 'href="/files/' + name + (match[2] or "") + '"'
        return link

    def do_GET(self):
        if self.path == "/open":
            return self.answer(200, b"open\n")
        if self.headers.get("Authorization") != login:
            return self.answer(401, b"", WWW_Authenticate='Basic realm="index"')
        part = self.path.strip("/").split("/")
        if part[0] == "simple":
            page = upstream + part[1] + "/"
            with urllib.request.urlopen(urllib.request.Request(page, headers={"Accept": "text/html"})) as found:
                text = re.sub(r'href="([^"#]+)(#[^"]*)?"', self.moved(page), found.read().decode())
            return self.answer(200, text.encode(), Content_Type="text/html")
        bare = part[1].removesuffix(".metadata")
        with urllib.request.urlopen(files[bare] + part[1][len(bare):]) as found:
            self.answer(200, found.read(), Content_Type="application/octet-stream")

    def do_HEAD(self):
        # Without Accept-Ranges, so that whole files are asked for.
        self.send_response(200 if self.headers.get("Authorization") == login else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

server = http.server.ThreadingHTTPServer(("", 8443), Index)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tmp/index.pem", "/tmp/index.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
os.rename("/tmp/ca.new", "/tmp/ca.pem")
server.serve_forever()
