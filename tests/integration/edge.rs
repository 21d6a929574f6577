//! Who is believed, and what is let in: one decision for every file that acts on it.

use std::collections::BTreeSet;

use dockwright::answers::{Draft, Origin};
use dockwright::plan;
use dockwright::render::{self, Rendered};

const DJANGO: [(&str, &str); 2] = [("stack.framework", "django"), ("stack.proxy", "nginx")];

struct Stack(Vec<Rendered>);

impl Stack {
    fn of(pairs: &[(&str, &str)]) -> Self {
        let mut draft = Draft::default();
        for (key, value) in [("project.name", "shop")].iter().chain(pairs) {
            draft.set(key, value, Origin::Flag).unwrap();
        }
        let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
        Self(render::render(&plan, &draft).unwrap())
    }

    fn file(&self, path: &str) -> &str {
        let file = self.0.iter().find(|file| file.output.path.as_str() == path);
        let file = file.unwrap_or_else(|| panic!("no {path}"));
        std::str::from_utf8(&file.bytes).unwrap()
    }

    /// The lines of a file that hold a text.
    fn lines(&self, path: &str, text: &str) -> Vec<&str> {
        self.file(path).lines().map(str::trim).filter(|line| line.contains(text)).collect()
    }
}

#[test]
fn on_an_open_port_nobody_is_believed_and_nothing_asks_for_the_header() {
    let stack = Stack::of(&[DJANGO[0], DJANGO[1], ("deploy.bind", "0.0.0.0")]);
    for text in ["set_real_ip_from", "$http_x_forwarded_proto", "$http_x_request_id"] {
        assert!(stack.lines("nginx/nginx.conf", text).is_empty(), "{text}");
    }
    for path in ["config/settings.py", ".env.example", "compose.yaml", "DEPLOY.md"] {
        assert!(stack.lines(path, "SECURE_SSL_REDIRECT").is_empty(), "{path}");
        assert!(stack.lines(path, "X-Forwarded-Proto").is_empty(), "{path}");
    }
    let direct = Stack::of(&[("deploy.bind", "0.0.0.0")]);
    assert!(direct.lines("compose.yaml", "FORWARDED_ALLOW_IPS").is_empty());
}

#[test]
fn proxies_that_are_named_are_believed_by_whatever_is_reached_first() {
    let named =
        [("deploy.bind", "0.0.0.0"), ("deploy.trusted-proxies", "192.0.2.0/24,2001:db8::7")];
    let behind = Stack::of(&[&DJANGO[..], &named].concat());
    assert_eq!(
        behind.lines("nginx/nginx.conf", "set_real_ip_from"),
        ["set_real_ip_from 192.0.2.0/24;", "set_real_ip_from 2001:db8::7;"]
    );
    assert_eq!(behind.lines("compose.yaml", "FORWARDED_ALLOW_IPS"), ["FORWARDED_ALLOW_IPS: \"*\""]);
    let direct = Stack::of(&named);
    let line = direct.lines("compose.yaml", "FORWARDED_ALLOW_IPS").concat();
    assert!(line.contains("${FORWARDED_ALLOW_IPS:-192.0.2.0/24,2001:db8::7}"), "{line}");
    assert!(direct.file("DEPLOY.md").contains("192.0.2.0/24, 2001:db8::7"));
}

#[test]
fn a_public_name_behind_a_proxy_redirects_to_https() {
    let public = ("deploy.domain", "shop.example.com");
    let default = |pairs: &[(&str, &str)]| {
        Stack::of(&[&DJANGO[..], pairs].concat())
            .lines(".env.example", "SECURE_SSL_REDIRECT=")
            .concat()
    };
    assert_eq!(default(&[public]), "SECURE_SSL_REDIRECT=true");
    assert_eq!(default(&[]), "SECURE_SSL_REDIRECT=false");
    assert_eq!(default(&[public, ("deploy.trusted-proxies", "none")]), "");
}

#[test]
fn the_largest_body_is_one_number() {
    let size = ("tune.web.body-size", "25MiB");
    let django = Stack::of(&[DJANGO[0], DJANGO[1], size]);
    assert_eq!(
        django.lines("nginx/nginx.conf", "client_max_body_size"),
        ["client_max_body_size 25m;"]
    );
    assert_eq!(django.lines("config/settings.py", "25 * 1024 * 1024").len(), 1);
    for stack in [
        Stack::of(&[size]),
        Stack::of(&[("stack.framework", "flask"), ("stack.server", "gunicorn"), size]),
    ] {
        assert_eq!(stack.lines("app/settings.py", "25 * 1024 * 1024").len(), 1);
    }
}

#[test]
fn bodies_that_wait_in_memory_are_as_many_as_it_holds() {
    let stack = Stack::of(&DJANGO);
    let number = |line: &[&str], text: &str| -> u64 {
        let rest = line.concat();
        let rest = rest.split(text).nth(1).unwrap_or_default().to_owned();
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let at_once = number(&stack.lines("nginx/nginx.conf", "limit_conn uploads"), "uploads ");
    let largest = number(&stack.lines("nginx/nginx.conf", "client_max_body_size"), "size ");
    let compose = stack.file("compose.yaml");
    let nginx = &compose[compose.find("\n  nginx:").unwrap()..compose.find("\n  web:").unwrap()];
    assert!(nginx.contains(&format!("/tmp:size={}m", at_once * largest)), "{nginx}");
}

#[test]
fn uploads_are_kept_in_a_volume_that_nginx_only_reads() {
    let stack = Stack::of(&DJANGO);
    assert!(stack.file("config/settings.py").contains("MEDIA_ROOT = BASE_DIR / \"media\""));
    assert_eq!(
        stack.lines("compose.yaml", "- media:").into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from(["- media:/app/media", "- media:/srv/media:ro"])
    );
    assert!(stack.file("nginx/nginx.conf").contains("location /media/"));
    let without = Stack::of(&[DJANGO[0], DJANGO[1], ("project.writable", "")]);
    assert!(without.lines("compose.yaml", "media").is_empty());
    assert!(without.lines("config/settings.py", "MEDIA").is_empty());
}

#[test]
fn what_a_new_service_writes_has_a_volume_or_memory() {
    let stack = Stack::of(&[("project.writable", "reports,cache:tmpfs")]);
    assert_eq!(stack.lines("compose.yaml", "/app/reports"), ["- reports:/app/reports"]);
    assert_eq!(stack.lines("compose.yaml", "/app/cache").len(), 1);
    assert_eq!(stack.lines("Dockerfile", "install --directory").len(), 1);
}

#[test]
fn the_worker_of_a_model_stack_has_the_model() {
    let stack = Stack::of(&[("stack.worker", "celery"), ("model.runtime", "onnxruntime")]);
    assert_eq!(stack.lines("compose.yaml", "MODEL_PATH: /models/model.onnx").len(), 2);
    assert_eq!(stack.lines("compose.yaml", "target: /models").len(), 2);
}
