//! The pods of `overlays/dev`, run with nothing but their own settings: image, arguments,
//! environment, user, read-only root, volumes and memory, with the probes asked as the
//! kubelet asks them, and SIGTERM after `preStop`. No cluster takes part: what stands in
//! the manifests is all that is known here.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::container::Container;
use crate::support::docker::{self, docker};
use crate::support::http::Request;
use crate::support::stack::Stack;
use crate::support::wait;

#[test]
fn celery_with_its_stores() {
    let cluster = Cluster::of(
        Stack::of("celery-postgres-redis")
            .set("stack.cache", "redis")
            .set("deploy.target", "kubernetes")
            .create(),
    );
    cluster.start_stores();
    cluster.migrates();
    let web = cluster.start("web");
    let worker = cluster.start("worker");
    let beat = cluster.start("beat");
    web.starts();
    worker.starts();
    beat.starts();

    let made = cluster.post("/items", &json!({ "name": "of a pod" })).expect(201);
    let id = made.json()["id"].as_i64().unwrap();
    assert_eq!(cluster.get(&format!("/items/{id}")).expect(200).json()["name"], "of a pod");
    let task = cluster.post("/tasks", &json!({ "a": 1, "b": 2 })).expect(202);
    let task = task.json()["id"].as_str().unwrap().to_owned();
    wait::until("the task's result", Duration::from_secs(30), || {
        let state = cluster.get(&format!("/tasks/{task}")).expect(200).json();
        (state["result"] == 3).then_some(())
    });

    web.stops(&cluster);
    worker.ends();
    beat.ends();
}

#[test]
fn django_serves_its_static_files_itself() {
    let cluster = Cluster::of(
        Stack::of("django-nginx")
            .set("deploy.target", "kubernetes")
            .set("deploy.domain", "shop.example.com")
            .create(),
    );
    cluster.start_stores();
    cluster.migrates();
    let web = cluster.start("web");
    web.starts();
    let login = cluster.get("/admin/login/").expect(200).text();
    let styles =
        login.split('"').find(|part| part.starts_with("/static/") && part.ends_with(".css"));
    cluster.get(styles.expect("the page has styles")).expect(200);
    web.stops(&cluster);
}

#[test]
fn a_model_is_loaded_before_its_pod_counts_as_started() {
    let cluster = Cluster::of(Stack::of("ml-server").set("deploy.target", "kubernetes").create());
    let web = cluster.start("web");
    web.starts();
    let predicted = cluster.post("/predict", &json!({ "features": [[1, 2, 3, 4]] })).expect(200);
    assert_eq!(predicted.json()["predictions"].as_array().map(Vec::len), Some(1));
    web.stops(&cluster);
}

/// A built overlay and the network that its pods share.
struct Cluster {
    stack: Stack,
    documents: Vec<Value>,
    network: String,
}

impl Cluster {
    /// Builds the image and the overlay.
    fn of(stack: Stack) -> Self {
        let tag = format!("{}:local", stack.name);
        let mut build = Command::new("docker");
        build.current_dir(stack.path("")).args(["build", "--quiet", "--tag", &tag, "."]);
        docker::run(&mut build, Duration::from_secs(600)).expect_success();
        let mut kustomize = Command::new("kubectl");
        kustomize.arg("kustomize").arg(stack.path("deploy/kubernetes/overlays/dev"));
        let built = docker::run(&mut kustomize, Duration::from_secs(60)).expect_success();
        let network = format!("{}-pods", stack.name);
        docker(&["network", "create", &network]);
        Self { documents: serde_saphyr::from_multiple(&built).unwrap(), network, stack }
    }

    fn find(&self, kind: &str, name: &str) -> &Value {
        let is_it = |own: &&Value| own["kind"] == kind && own["metadata"]["name"] == name;
        self.documents.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    /// The workload of a component, of whatever kind it is.
    fn workload(&self, component: &str) -> &Value {
        let label = "app.kubernetes.io/component";
        let is_it = |own: &&Value| {
            own["metadata"]["labels"][label] == component && own["spec"]["template"].is_object()
        };
        self.documents.iter().find(is_it).unwrap_or_else(|| panic!("no {component}"))
    }

    /// The stores, each by the name of its Service.
    fn start_stores(&self) {
        let label = "app.kubernetes.io/component";
        let stores = self
            .documents
            .iter()
            .filter(|own| own["kind"] == "Service" && own["spec"]["clusterIP"] == "None");
        for service in stores {
            let component = service["metadata"]["labels"][label].as_str().unwrap();
            let pod = self.run(component, &["--network-alias", component]);
            pod.asks("startupProbe", Duration::from_secs(60));
            pod.asks("readinessProbe", Duration::from_secs(30));
        }
    }

    /// Runs the job to its end, as often as it may be tried.
    fn migrates(&self) {
        let job = self.workload("migrate");
        assert!(
            job["metadata"]["name"].as_str().unwrap().len()
                > format!("{}-migrate-", self.stack.name).len(),
            "called after what it runs"
        );
        let pod = self.run("migrate", &[]);
        let code = docker(&["wait", &pod.id]);
        assert_eq!(code.trim(), "0", "{}", docker(&["logs", &pod.id]));
    }

    fn start(&self, component: &str) -> Pod {
        match component {
            "web" => {
                let published = format!("127.0.0.1:{}:8000", self.stack.port);
                self.run(component, &["--publish", &published])
            }
            _ => self.run(component, &[]),
        }
    }

    /// A pod's only container, with what its manifest says and nothing else.
    fn run(&self, component: &str, more: &[&str]) -> Pod {
        let workload = self.workload(component);
        let spec = &workload["spec"]["template"]["spec"];
        let container = &spec["containers"][0];
        let environment = self.environment(container);
        let identity = &spec["securityContext"];
        let user = format!("{}:{}", identity["runAsUser"], identity["runAsGroup"]);
        let memory = container["resources"]["limits"]["memory"].as_str().unwrap().to_lowercase();
        let memory = memory.trim_end_matches('i').to_owned();
        let mut arguments: Vec<String> =
            ["run", "--detach", "--user", &user, "--memory", &memory, "--memory-swap", &memory]
                .map(str::to_owned)
                .to_vec();
        arguments.extend(["--network".to_owned(), self.network.clone()]);
        let own = &container["securityContext"];
        if own["readOnlyRootFilesystem"] == true {
            arguments.push("--read-only".to_owned());
        }
        for capability in own["capabilities"]["drop"].as_array().into_iter().flatten() {
            arguments.push(format!("--cap-drop={}", capability.as_str().unwrap()));
        }
        if own["allowPrivilegeEscalation"] == false {
            arguments.push("--security-opt=no-new-privileges".to_owned());
        }
        if spec["shareProcessNamespace"] == true {
            arguments.push("--init".to_owned());
        }
        let image = container["image"].as_str().unwrap();
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            let target = mount["mountPath"].as_str().unwrap();
            let volumes = spec["volumes"].as_array().into_iter().flatten();
            let name = &mount["name"];
            let is_scratch =
                volumes.into_iter().any(|own| own["name"] == *name && own["emptyDir"].is_object());
            // An emptyDir can be written to by everybody, a claim by `fsGroup`.
            arguments.push(match is_scratch {
                true => format!("--tmpfs={target}:mode=1777"),
                false => format!("--volume={}:{target}", self.claim(image, &identity["fsGroup"])),
            });
        }
        for (name, value) in &environment {
            arguments.push(format!("--env={name}={value}"));
        }
        arguments.extend(more.iter().map(|&word| word.to_owned()));
        arguments.push(image.to_owned());
        let words = container["args"].as_array().into_iter().flatten();
        arguments.extend(words.map(|word| expanded(word.as_str().unwrap(), &environment)));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Pod { id: docker(&arguments).trim().to_owned(), spec: spec.clone(), port: self.stack.port }
    }

    /// A new volume as the kubelet hands one over: root's, and open to the group of the pod.
    fn claim(&self, image: &str, group: &Value) -> String {
        let volume = docker(&["volume", "create", "--label", &self.network]).trim().to_owned();
        let mount = format!("--volume={volume}:/claim");
        let open = format!("chown root:{group} /claim && chmod 2775 /claim");
        docker(&[
            "run",
            "--rm",
            "--user=0:0",
            "--entrypoint=sh",
            "--network=none",
            &mount,
            image,
            "-c",
            &open,
        ]);
        volume
    }

    /// What a container is told: settings first, its own variables win.
    fn environment(&self, container: &Value) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for source in container["envFrom"].as_array().into_iter().flatten() {
            let name = source["configMapRef"]["name"].as_str().unwrap();
            for (key, value) in self.find("ConfigMap", name)["data"].as_object().unwrap() {
                all.insert(key.clone(), value.as_str().unwrap().to_owned());
            }
        }
        for variable in container["env"].as_array().into_iter().flatten() {
            let name = variable["name"].as_str().unwrap().to_owned();
            let secret = &variable["valueFrom"]["secretKeyRef"];
            let value = match secret["name"].as_str() {
                Some(of) => {
                    let data = &self.find("Secret", of)["data"];
                    let Some(text) = data[secret["key"].as_str().unwrap()].as_str() else {
                        assert_eq!(secret["optional"], true, "{name} is in no secret");
                        continue;
                    };
                    decoded(text)
                }
                None => expanded(variable["value"].as_str().unwrap(), &all),
            };
            all.insert(name, value);
        }
        all
    }

    fn get(&self, path: &str) -> crate::support::http::Response {
        self.stack.request(&Request::get(path).with_header("Host", "localhost"))
    }

    fn post(&self, path: &str, body: &Value) -> crate::support::http::Response {
        self.stack.request(&Request::post(path, body).with_header("Host", "localhost"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let filter = format!("network={}", self.network);
        let all = docker(&["ps", "--all", "--quiet", "--filter", &filter]);
        for id in all.split_whitespace() {
            drop(docker::try_run(
                Command::new("docker").args(["rm", "--force", "--volumes", id]),
                Duration::from_secs(60),
            ));
        }
        let label = format!("label={}", self.network);
        let mut volumes = Command::new("docker");
        volumes.args(["volume", "prune", "--all", "--force", "--filter", &label]);
        drop(docker::try_run(&mut volumes, Duration::from_secs(60)));
        let mut network = Command::new("docker");
        network.args(["network", "rm", &self.network]);
        drop(docker::try_run(&mut network, Duration::from_secs(60)));
        let mut image = Command::new("docker");
        image.args(["image", "rm", "--force", &format!("{}:local", self.stack.name)]);
        drop(docker::try_run(&mut image, Duration::from_secs(60)));
    }
}

/// `$(NAME)` put in, as Kubernetes does; `$$(` is a dollar sign and a parenthesis.
fn expanded(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut text = text.replace("$$(", "\u{0}(");
    for (name, value) in environment {
        text = text.replace(&format!("$({name})"), value);
    }
    text.replace('\u{0}', "$")
}

/// Base64, by a tool that every machine has.
fn decoded(text: &str) -> String {
    let mut command = Command::new("python3");
    let script = "import base64, sys; sys.stdout.write(base64.b64decode(sys.argv[1]).decode())";
    command.args(["-c", script, text]);
    docker::run(&mut command, Duration::from_secs(10)).expect_success()
}

/// One running pod.
struct Pod {
    id: String,
    spec: Value,
    port: u16,
}

impl Pod {
    fn container(&self) -> &Value {
        &self.spec["containers"][0]
    }

    /// One question of a probe, as the kubelet asks it.
    fn answers(&self, probe: &Value) -> bool {
        let limit = Duration::from_secs(probe["timeoutSeconds"].as_u64().unwrap_or(1));
        if let Some(words) = probe["exec"]["command"].as_array() {
            let mut command = Command::new("docker");
            command.args(["exec", &self.id]).args(words.iter().map(|word| word.as_str().unwrap()));
            let asked = Instant::now();
            let run = docker::try_run(&mut command, Duration::from_secs(30));
            return run.is_ok_and(|run| run.status.success()) && asked.elapsed() <= limit;
        }
        if probe["tcpSocket"].is_object() {
            return std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        }
        let get = &probe["httpGet"];
        let mut request = Request::get(get["path"].as_str().unwrap());
        let headers = get["httpHeaders"].as_array().into_iter().flatten();
        let mut named = false;
        for header in headers {
            let name = match header["name"].as_str().unwrap() {
                "Host" => "Host",
                "X-Forwarded-Proto" => "X-Forwarded-Proto",
                other => panic!("{other}"),
            };
            named |= name == "Host";
            request = request.with_header(name, header["value"].as_str().unwrap());
        }
        if !named {
            // The kubelet asks for the pod by its address.
            request = request.with_header("Host", "10.1.2.3:8000");
        }
        let connection = crate::support::http::Connection::open(self.port, limit);
        let answer = connection.and_then(|mut connection| connection.exchange(&request));
        answer.is_ok_and(|answer| (200..400).contains(&answer.status))
    }

    /// Asks a probe until it answers, within so long.
    #[track_caller]
    fn asks(&self, probe: &str, limit: Duration) {
        let probe = &self.container()[probe];
        assert!(probe.is_object(), "there is no such probe");
        let until = Instant::now() + limit;
        while !self.answers(probe) {
            let state = Container::inspect(&[&self.id]).remove(0);
            assert!(state.is_running(), "{}", docker(&["logs", &self.id]));
            assert!(Instant::now() < until, "{probe}: {}", docker(&["logs", &self.id]));
            thread::sleep(Duration::from_secs(probe["periodSeconds"].as_u64().unwrap_or(1)));
        }
    }

    /// It starts in the time that its manifest gives, and is ready and alive then.
    #[track_caller]
    fn starts(&self) {
        let startup = &self.container()["startupProbe"];
        let number = |key: &str| startup[key].as_u64().unwrap();
        self.asks(
            "startupProbe",
            Duration::from_secs(number("periodSeconds") * number("failureThreshold")),
        );
        for probe in ["readinessProbe", "livenessProbe"] {
            if self.container()[probe].is_object() {
                self.asks(probe, Duration::from_secs(15));
            }
        }
    }

    /// It serves until `preStop` is over, and ends well in what is left of its time.
    #[track_caller]
    fn stops(&self, cluster: &Cluster) {
        let sleep = self.container()["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
        let until = Instant::now() + Duration::from_secs(sleep);
        while Instant::now() < until {
            cluster.get("/health").expect(200);
            thread::sleep(Duration::from_millis(200));
        }
        self.end(sleep);
    }

    #[track_caller]
    fn ends(&self) {
        self.end(0);
    }

    #[track_caller]
    fn end(&self, gone: u64) {
        let grace = self.spec["terminationGracePeriodSeconds"].as_u64().unwrap() - gone;
        let asked = Instant::now();
        docker(&["stop", "--time", &grace.to_string(), &self.id]);
        assert!(asked.elapsed() < Duration::from_secs(grace), "it was killed");
        let state = Container::inspect(&[&self.id]).remove(0);
        assert_eq!(state.exit_code(), 0, "{}", docker(&["logs", &self.id]));
        assert_eq!(state.fact("/State/OOMKilled"), false);
    }
}
