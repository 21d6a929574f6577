//! Collecting answers from their sources, and resolving them into types.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::answers::adopted::{self, Adopted, Derived};
use crate::answers::brought;
use crate::answers::network::Network;
use crate::answers::own_image::OwnImage;
use crate::answers::own_project::OwnProject;
use crate::answers::source::{Origin, Sourced};
use crate::answers::stack::{
    Application, Architecture, Broker, Budget, Celery, Ci, Database, Delivery, Hardening, Model,
    PackageManager, Proxy, Runtime, Stack, Target,
};
use crate::answers::{Answers, Deploy, FilePolicy, LayerFile, Pin, TrustedProxies, is_loopback};
use crate::catalog::{Framework, Server};
use crate::error::Problem;
use crate::preset::manifest::FileRule;
use crate::preset::{Layer, Preset, Source};
use crate::relpath::RelPath;
use crate::schema::address;
use crate::schema::value::Value;
use crate::schema::{self, Field};
use crate::schema::{Ownership, Role};
use crate::units::{MiB, MilliCpu};

/// Answers while they are being collected.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    preset: Option<Arc<Preset>>,
    values: BTreeMap<String, Sourced>,
    /// The facts about adopted code that no key holds.
    pub(super) derived: Derived,
    files: Vec<(RelPath, FileRule, String)>,
    alternates: BTreeMap<RelPath, RelPath>,
    /// Digests of images that are known, by complete reference.
    pub digests: BTreeMap<String, String>,
}

impl Draft {
    /// Runs the image that the repository's own Dockerfile makes.
    pub fn run_image(&mut self, image: OwnImage) {
        self.derived.image = Some(image);
    }

    /// Whether a cluster runs the application as well.
    #[must_use]
    pub fn is_for_cluster(&self) -> bool {
        self.text("deploy.target") != Target::Compose.word()
    }

    /// Leaves the compose project that runs the application as it is.
    pub fn keep_project(&mut self, project: OwnProject) {
        self.derived.project = Some(project);
    }

    /// Releases what is pushed to this branch.
    pub fn release_from(&mut self, branch: String) {
        self.derived.branch = branch;
    }

    /// A draft that holds a preset's defaults.
    ///
    /// # Errors
    /// The preset's own mistakes.
    pub fn of_preset(preset: &Preset) -> Result<Self, Vec<Problem>> {
        let mut draft = Self { preset: Some(Arc::new(preset.clone())), ..Self::default() };
        let mut problems = Vec::new();
        for (at, layer) in preset.layers.iter().enumerate() {
            for entry in layer.manifest.defaults.iter().chain(&layer.manifest.locked) {
                let name = match layer.source {
                    Source::Builtin => layer.label(),
                    _ => format!("{} ({})", layer.label(), entry.place),
                };
                let origin = Origin::Preset { layer: at, name };
                problems.extend(draft.set(&entry.key, &entry.text, origin).err());
            }
            let files = layer.manifest.files.iter();
            let label = layer.label();
            draft
                .files
                .extend(files.map(|(path, rule)| (path.clone(), rule.clone(), label.clone())));
        }
        if problems.is_empty() { Ok(draft) } else { Err(problems) }
    }

    /// The preset, where there is one.
    #[must_use]
    pub fn preset(&self) -> Option<&Preset> {
        self.preset.as_deref()
    }

    /// The preset's layers, lowest first.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        self.preset.as_ref().map_or(&[], |preset| &preset.layers)
    }

    /// How `dockwright.toml` names the preset.
    #[must_use]
    pub fn reference(&self) -> String {
        self.preset.as_ref().map(|preset| preset.reference.to_string()).unwrap_or_default()
    }

    /// Says where outputs go whose own path somebody else's file has.
    pub fn place(&mut self, alternates: BTreeMap<RelPath, RelPath>) {
        self.alternates = alternates;
    }

    /// Whether the answers are about code that was there before.
    #[must_use]
    pub fn is_adopted(&self) -> bool {
        !self.text("project.app").is_empty()
    }

    /// Takes a value from a source. It holds where no source of higher
    /// precedence speaks of the key, in whatever order they come.
    ///
    /// # Errors
    /// An unknown key (with the nearest one) or a value its type refuses.
    pub fn set(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), Problem> {
        let key = schema::known_as(key);
        let set_by = match &origin {
            Origin::File(place) => Some(place.to_string()),
            Origin::Flag => Some(format!("--set {key}={}", address::redacted(text))),
            Origin::Preset { name, .. } => Some(format!("preset {name}")),
            _ => None,
        };
        let locate = |mut problem: Problem| {
            problem.at = set_by.clone();
            problem
        };
        let Some(field) = schema::find(key) else {
            return Err(locate(schema::unknown(key)));
        };
        if let Some(path) = key.strip_prefix("files.") {
            RelPath::new(path).map_err(|message| locate(Problem::new(message)))?;
        }
        let value = field
            .kind
            .read(text)
            .map_err(|message| locate(Problem::new(format!("{key}: {message}"))))?;
        match self.values.get_mut(key) {
            Some(sourced) => sourced.add(value, origin),
            None => drop(self.values.insert(key.to_owned(), Sourced::new(value, origin))),
        }
        Ok(())
    }

    /// Keys of planned numbers that only the repository says, in their order.
    #[must_use]
    pub fn found_numbers(&self) -> Vec<String> {
        let is_found =
            |own: &Sourced| matches!(own.origin, Origin::Detected(_)) && own.shadowed.is_empty();
        let found =
            self.values.iter().filter(|(key, own)| key.starts_with("tune.") && is_found(own));
        found.map(|(key, _)| key.clone()).collect()
    }

    /// Takes a value away; it is given back by [`Draft::give_back`].
    pub fn take_away(&mut self, key: &str) -> Option<Sourced> {
        self.values.remove(key)
    }

    /// Gives a value back.
    pub fn give_back(&mut self, key: &str, sourced: Sourced) {
        self.values.insert(key.to_owned(), sourced);
    }

    /// Takes an answer back that says what holds without it.
    pub fn drop_echo(&mut self, key: &str) {
        let answered = self.text(key);
        let Some(sourced) = self.values.remove(key) else { return };
        let below = sourced.clone().below();
        self.values.extend(below.map(|below| (key.to_owned(), below)));
        if sourced.origin != Origin::Prompt || self.text(key) != answered {
            self.values.insert(key.to_owned(), sourced);
        }
    }

    /// The same, but that of these keys only the preset is heard.
    #[must_use]
    pub fn of_preset_alone<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Self {
        let mut draft = self.clone();
        for key in keys {
            let Some(sourced) = draft.values.remove(key) else { continue };
            let preset = sourced.only(|origin| matches!(origin, Origin::Preset { .. }));
            draft.values.extend(preset.map(|sourced| (key.to_owned(), sourced)));
        }
        draft
    }

    /// The same answers under a standard from outside: its layers and its files
    /// alone, and what it locks as it locks it.
    #[must_use]
    pub fn under(&self, standard: Preset) -> Self {
        let mut draft = self.clone();
        draft.files.clear();
        draft.alternates.clear();
        draft.values.retain(|key, _| !key.starts_with("files."));
        for (at, layer) in standard.layers.iter().enumerate() {
            let label = layer.label();
            let files = layer.manifest.files.iter();
            draft
                .files
                .extend(files.map(|(path, rule)| (path.clone(), rule.clone(), label.clone())));
            for entry in &layer.manifest.locked {
                let read = schema::find(&entry.key).map(|field| field.kind.read(&entry.text));
                if let Some(Ok(value)) = read {
                    let origin = Origin::Preset { layer: at, name: label.clone() };
                    draft.values.insert(entry.key.clone(), Sourced::new(value, origin));
                }
            }
        }
        draft.preset = Some(Arc::new(standard));
        draft
    }

    /// The value of a key as text: what was set, or the default, which may
    /// follow from other answers.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        match self.values.get(key) {
            Some(sourced) => sourced.value.to_string(),
            None => self.default_of(key),
        }
    }

    /// What a key was set to and by whom, if anybody did.
    #[must_use]
    pub fn sourced(&self, key: &str) -> Option<&Sourced> {
        self.values.get(key)
    }

    /// Everything that was set, by key.
    pub fn all_sourced(&self) -> impl Iterator<Item = (&str, &Sourced)> {
        self.values.iter().map(|(key, sourced)| (key.as_str(), sourced))
    }

    /// Whether a value only says that nothing was found, where nothing else
    /// was expected.
    #[must_use]
    pub fn is_absence(&self, key: &str, sourced: &Sourced) -> bool {
        let expected = match sourced.shadowed.last() {
            Some((value, _)) => value.to_string(),
            None => self.default_of(key),
        };
        matches!(&sourced.origin, Origin::Detected(evidence) if evidence.is_empty())
            && sourced.value.to_string() == expected
    }

    /// The default of a key; some follow from other answers.
    #[must_use]
    pub fn default_of(&self, key: &str) -> String {
        match key {
            "stack.server" => self.framework().default_server().word().into(),
            "stack.broker" if self.text("stack.worker") == "celery" => "redis".into(),
            "stack.database" if self.is_adopted() => "none".into(),
            "stack.database" if self.framework().needs_database.is_some() => "postgres".into(),
            // Its uploads.
            "project.writable" if !self.is_adopted() && self.framework().static_files => {
                "media".into()
            }
            "deploy.trusted-proxies" => {
                let alone = is_loopback(&self.text("deploy.bind")) && !self.derived.is_published();
                if alone { "host" } else { "none" }.into()
            }
            // What adopted code writes to is only partly known.
            "deploy.hardening" if self.is_adopted() => "safe".into(),
            // Its models are where the code reads them, in the repository.
            "model.delivery" if self.is_adopted() => "bake".into(),
            // A node of a cluster has no directory of ours.
            "model.delivery" if self.text("deploy.target") != Target::Compose.word() => {
                "bake".into()
            }
            "deploy.pod-cpus" if self.text("model.runtime") != "none" => "1".into(),
            "deploy.pod-memory" if self.text("model.runtime") != "none" => "4GiB".into(),
            "model.path" => Runtime::of(&self.text("model.runtime")).usual_path().into(),
            _ => schema::find(key).map(|field| field.default.to_owned()).unwrap_or_default(),
        }
    }

    /// The framework, as the answers are now.
    #[must_use]
    pub fn framework(&self) -> Framework {
        Framework::of(&self.text("stack.framework"))
    }

    fn value(&self, field: &Field) -> Value {
        match self.values.get(&field.name) {
            Some(sourced) => sourced.value.clone(),
            None => {
                let text = self.default_of(&field.name);
                field.kind.read(&text).unwrap_or(Value::Text(text))
            }
        }
    }

    /// Types every answer.
    ///
    /// # Errors
    /// All problems together: a missing name, impossible combinations, pins
    /// of numbers that services need differently. What the preset requires is
    /// for `policy` to say.
    pub fn resolve(&self) -> Result<Answers, Vec<Problem>> {
        let mut problems = Vec::new();
        let fields: BTreeMap<String, Value> =
            schema::fields().map(|field| (field.name.clone(), self.value(&field))).collect();
        let text = |key: &str| fields[key].to_string();

        let name = text("project.name");
        if name.is_empty() {
            problems.push(Problem::new("the service has no name").help("--set project.name=NAME"));
        }
        let mut stack = self.stack(&text, &mut problems);
        let manager = PackageManager::of(&text("project.package-manager"));
        let value = |key: &str| fields[key].clone();
        let mut adopted = Adopted::of(&value, manager, &self.derived, &mut problems);
        if let Some(own) = &mut adopted
            && own.derived.carried.as_ref().is_none_or(|carried| carried.brought)
        {
            own.derived.carried = brought::file(&stack, &own.derived);
        }
        // Where a compose file says what runs, nothing is brought beside it.
        let brings = adopted.as_ref().and_then(|own| own.derived.carried.as_ref());
        let has = |kind: fn(&str) -> Option<&'static str>| {
            brings
                .is_some_and(|own| own.brought && own.stores.values().any(|it| kind(it).is_some()))
        };
        if stack.database == Database::Container && !has(brought::database) {
            stack.database = Database::External;
        }
        if stack.broker == Broker::Container && !has(brought::broker) {
            stack.broker = Broker::External;
        }
        problems.extend(stack.problems(adopted.is_some()));
        if adopted.is_none() {
            problems.extend(self.only_for_adopted());
        }
        let bind = text("deploy.bind");
        if text("deploy.trusted-proxies") == "host" && !is_loopback(&bind) {
            problems.push(
                Problem::new(format!(
                    "deploy.trusted-proxies = host, and deploy.bind = {bind} lets others than this host connect: they would be believed, too"
                ))
                .help("--set deploy.bind=127.0.0.1, or name the proxies: --set deploy.trusted-proxies=192.0.2.7"),
            );
        }

        if text("deploy.ci") != "none" && text("images.repository").is_empty() {
            problems.push(
                Problem::new(format!(
                    "deploy.ci = {} pushes the image that it built, and images.repository names no place for it",
                    text("deploy.ci")
                ))
                .help("--set images.repository=registry.example.com/team/shop, or --set deploy.ci=none"),
            );
        }

        let torch = stack.application().model.as_ref().is_some_and(|m| m.runtime.is_torch_family());
        if torch && manager != PackageManager::Pip && adopted.is_none() {
            problems.push(
                Problem::new(format!(
                    "a lock made by {manager} would take torch from PyPI, with gigabytes of CUDA libraries"
                ))
                .help("--set project.package-manager=pip, whose image installs torch's CPU build"),
            );
        }

        let answers = Answers {
            adopted,
            preset: self.preset.as_ref().map(|preset| preset.name().to_owned()).unwrap_or_default(),
            name,
            python: text("project.python"),
            package_manager: manager,
            writable: adopted::writable(&fields["project.writable"]),
            port: match fields["project.port"] {
                Value::Count(port) => port as u16,
                _ => 8000,
            },
            stack,
            deploy: Deploy {
                targets: match &fields["deploy.target"] {
                    Value::List(words) => words.iter().map(|word| Target::of(word)).collect(),
                    _ => vec![Target::Compose],
                },
                load: match fields["deploy.load"] {
                    Value::Count(load) => load,
                    _ => 1,
                },
                pod_cpus: match fields["deploy.pod-cpus"] {
                    Value::Cpus(cpus) => cpus,
                    _ => MilliCpu(1000),
                },
                pod_memory: match fields["deploy.pod-memory"] {
                    Value::Memory(memory) => memory,
                    _ => MiB(1024),
                },
                architecture: Architecture::of(&text("deploy.architecture")),
                cpus: match fields["deploy.cpus"] {
                    Value::Cpus(cpus) => cpus,
                    _ => MilliCpu(1000),
                },
                memory: match fields["deploy.memory"] {
                    Value::Memory(memory) => memory,
                    _ => MiB(1024),
                },
                budget: Budget::of(&text("deploy.budget")),
                domain: text("deploy.domain"),
                bind: text("deploy.bind"),
                trusted_proxies: TrustedProxies::of(&fields["deploy.trusted-proxies"]),
                hardening: Hardening::of(&text("deploy.hardening")),
                ci: Ci::of(&text("deploy.ci")),
            },
            images: self.family("images."),
            digests: (value("images.digests") == Value::Bool(true)).then(|| self.digests.clone()),
            network: Network::of(&value),
            services: self.service_names(&mut problems),
            pins: self.pins(),
            files: self.file_policies(),
            layer_files: self.layer_files(),
            alternates: self.alternates.clone(),
        };
        if problems.is_empty() { Ok(answers) } else { Err(problems) }
    }

    fn stack(&self, text: &dyn Fn(&str) -> String, problems: &mut Vec<Problem>) -> Stack {
        let runtime = Runtime::of(&text("model.runtime"));
        let model = (runtime != Runtime::None).then(|| Model {
            runtime,
            path: RelPath::new(&text("model.path")).unwrap_or_else(|message| {
                problems.push(Problem::new(message).at("model.path"));
                RelPath::new(runtime.usual_path()).expect("usual paths are inside")
            }),
            delivery: Delivery::of(&text("model.delivery")),
        });
        if let Some(model) = &model
            && !self.is_adopted()
            && !model.path.as_str().contains('/')
        {
            problems.push(
                Problem::new(format!("the model `{}` is at the top of the repository", model.path))
                    .help("keep models in a directory of their own, like models/, which is mounted whole"),
            );
        }
        let beat = text("stack.beat") == "true";
        let worker = text("stack.worker") == "celery";
        if beat && !worker {
            problems.push(
                Problem::new("beat schedules tasks for Celery, and there is no worker")
                    .help("--set stack.worker=celery, or --set stack.beat=false"),
            );
        }
        Stack {
            applications: vec![Application {
                framework: self.framework(),
                server: Server::of(&text("stack.server")),
                celery: worker.then_some(Celery { beat }),
                model,
            }],
            proxy: Proxy::of(&text("stack.proxy")),
            database: Database::of(&text("stack.database")),
            cache: text("stack.cache") == "redis",
            broker: Broker::of(&text("stack.broker")),
        }
    }

    /// Problems of answers that a new service does not take.
    fn only_for_adopted(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, sourced) in &self.values {
            let text = sourced.value.to_string();
            let neutral = schema::find(key).is_some_and(|field| field.default == text);
            let word = schema::is_word_for_adopted(key, &text);
            if (schema::is_for_adopted(key) && !neutral && !text.is_empty()) || word {
                let mut message = format!("{key} = {text} is for code that is already there");
                if word {
                    let words = schema::new_words(key).join(", ");
                    message.push_str(&format!("; a new service takes {words}"));
                }
                problems.push(Problem::new(message).at(sourced.origin.to_string()).help(
                    "`dockwright init` in its repository, or --set project.app=MODULE:OBJECT",
                ));
            }
        }
        problems
    }

    fn family(&self, prefix: &str) -> BTreeMap<String, String> {
        self.values
            .iter()
            .filter_map(|(key, sourced)| {
                let short = key.strip_prefix(prefix)?;
                let text = sourced.value.to_string();
                (!text.is_empty()).then(|| (short.to_owned(), text))
            })
            .collect()
    }

    fn service_names(&self, problems: &mut Vec<Problem>) -> BTreeMap<Role, String> {
        let mut names: BTreeMap<Role, String> = BTreeMap::new();
        for role in Role::ALL {
            let key = format!("services.{}", role.name());
            let name = self.text(&key);
            let name = if name.is_empty() { role.name().to_owned() } else { name };
            if let Some((other, _)) = names.iter().find(|(_, taken)| **taken == name) {
                problems.push(
                    Problem::new(format!("services.{} and {key} are both `{name}`", other.name()))
                        .help("give each service a name of its own"),
                );
            }
            names.insert(role, name);
        }
        names
    }

    fn pins(&self) -> BTreeMap<String, Pin> {
        self.values
            .iter()
            .filter_map(|(key, sourced)| {
                let key = key.strip_prefix("tune.")?;
                let source = sourced.origin.to_string();
                Some((key.to_owned(), Pin { value: sourced.value.clone(), source }))
            })
            .collect()
    }

    /// What the preset says of single outputs; a later layer wins by field.
    fn layer_files(&self) -> BTreeMap<RelPath, LayerFile> {
        let mut files: BTreeMap<RelPath, LayerFile> = BTreeMap::new();
        for (path, rule, layer) in &self.files {
            let file = files.entry(path.clone()).or_default();
            file.layer.clone_from(layer);
            file.rule.off = rule.off;
            file.rule.template = rule.template.clone().or(file.rule.template.take());
            file.rule.mode = rule.mode.or(file.rule.mode);
            file.rule.ownership = rule.ownership.or(file.rule.ownership);
        }
        files
    }

    fn file_policies(&self) -> BTreeMap<RelPath, FilePolicy> {
        self.family("files.")
            .into_iter()
            .filter_map(|(path, word)| {
                let policy = match word.as_str() {
                    "off" => FilePolicy::Off,
                    word => FilePolicy::Ownership(Ownership::of(word)),
                };
                Some((RelPath::new(&path).ok()?, policy))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::fields;
    use crate::schema::value::Kind;

    fn draft(pairs: &[(&str, &str)]) -> Draft {
        let mut draft = Draft::default();
        draft.set("project.name", "shop", Origin::Flag).unwrap();
        for (key, text) in pairs {
            draft.set(key, text, Origin::Flag).unwrap();
        }
        draft
    }

    #[test]
    fn a_version_stays_a_version() {
        let mut draft = draft(&[]);
        draft.set("project.python", "3.11", Origin::Flag).unwrap();
        assert_eq!(draft.resolve().unwrap().python, "3.11");
    }

    #[test]
    fn defaults_follow_from_other_answers() {
        let django = draft(&[("stack.framework", "django"), ("stack.worker", "celery")]);
        let stack = django.resolve().unwrap().stack;
        assert_eq!(stack.application().server.word(), "gunicorn");
        assert_eq!(stack.database, Database::Postgres);
        assert_eq!(stack.broker, Broker::Redis);
    }

    #[test]
    fn a_proxy_on_this_host_is_believed_where_nobody_else_can_connect() {
        let trusted = |pairs: &[(&str, &str)]| {
            draft(pairs).resolve().map(|answers| answers.deploy.trusted_proxies)
        };
        assert_eq!(trusted(&[]), Ok(TrustedProxies::Host));
        assert_eq!(trusted(&[("deploy.bind", "0.0.0.0")]), Ok(TrustedProxies::None));
        let networks = [("deploy.bind", "0.0.0.0"), ("deploy.trusted-proxies", "192.0.2.0/24")];
        assert_eq!(trusted(&networks), Ok(TrustedProxies::Networks(vec!["192.0.2.0/24".into()])));
        let open = [("deploy.bind", "0.0.0.0"), ("deploy.trusted-proxies", "host")];
        let problems = trusted(&open).unwrap_err();
        assert!(problems[0].message.contains("others than this host"), "{problems:?}");
    }

    #[test]
    fn all_problems_of_a_combination_come_together() {
        let problems = draft(&[
            ("stack.framework", "flask"),
            ("stack.server", "uvicorn"),
            ("stack.beat", "true"),
            ("stack.broker", "redis"),
            ("services.db", "web"),
        ])
        .resolve()
        .unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
    }

    #[test]
    fn every_choice_of_the_schema_has_its_type() {
        for field in fields() {
            if let Kind::Choice(words) = field.kind {
                for word in words {
                    let set = draft(&[(&field.name, word)]);
                    // Types are made even where the combination is refused.
                    let _ = set.resolve();
                }
            }
        }
    }
}
