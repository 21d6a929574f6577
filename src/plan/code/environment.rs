//! What adopted code is told, under the names it reads itself.

use crate::answers::adopted::Adopted;
use crate::answers::stack::{Broker, Database};
use crate::detect::facts::Meaning;
use crate::plan::code::{build_values, existing_store, usual};
use crate::plan::env::{DJANGO_SECRET, EnvKind, EnvVar, SECRET};
use crate::plan::given::{Given, open_references};
use crate::plan::shape::Shape;
use crate::plan::topology::{EnvValue, database_url, redis_url};
use crate::schema::role::Role;

/// A variable and its value.
pub type Setting = (String, EnvValue);

fn literal(name: &str, value: &str) -> Setting {
    (name.to_owned(), EnvValue::literal(value))
}

/// Adds a setting unless its name is there already.
fn add(settings: &mut Vec<Setting>, setting: Setting) {
    if !settings.iter().any(|(known, _)| *known == setting.0) {
        settings.push(setting);
    }
}

/// Variables with one value everywhere: debug off, and what never changes.
#[must_use]
pub fn settings(shape: &Shape) -> Vec<Setting> {
    let Some(adopted) = &shape.answers.adopted else { return Vec::new() };
    let mut settings = Vec::new();
    if adopted.derived.required_env.iter().any(|required| required.name == "PORT") {
        settings.push(literal("PORT", "8000"));
    }
    for known in &adopted.derived.connections {
        match &known.meaning {
            Meaning::Debug { off } => add(&mut settings, literal(&known.name, off)),
            // A constant belongs to the stores that run here.
            Meaning::Constant { value }
                if shape.has(Role::Db) || !is_about_a_database(&known.name) =>
            {
                add(&mut settings, literal(&known.name, value));
            }
            _ => {}
        }
    }
    settings
}

fn is_about_a_database(name: &str) -> bool {
    ["SQL", "DB", "DATABASE", "POSTGRES"].iter().any(|part| name.contains(part))
}

/// The same in the development overlay.
#[must_use]
pub fn development(shape: &Shape) -> Vec<Setting> {
    let Some(adopted) = &shape.answers.adopted else { return Vec::new() };
    let mut settings = Vec::new();
    for known in &adopted.derived.connections {
        if let Meaning::Debug { off } = &known.meaning {
            let on = match off.as_str() {
                "False" => "True",
                "false" => "true",
                "no" => "yes",
                "off" => "on",
                _ => "1",
            };
            add(&mut settings, literal(&known.name, on));
        }
    }
    settings
}

/// Variables that lead to the database of this stack.
#[must_use]
pub fn database(shape: &Shape) -> Vec<Setting> {
    let Some(adopted) = &shape.answers.adopted else { return Vec::new() };
    if !shape.has(Role::Db) {
        return Vec::new();
    }
    let host = &shape.answers.services[&Role::Db];
    let mut settings = Vec::new();
    for known in &adopted.derived.connections {
        let name = known.name.as_str();
        let setting = match &known.meaning {
            Meaning::DatabaseUrl { scheme } => (name.to_owned(), database_url(scheme, host)),
            Meaning::DatabaseHost => literal(name, host),
            Meaning::DatabasePort => literal(name, "5432"),
            Meaning::DatabaseName | Meaning::DatabaseUser => literal(name, "app"),
            Meaning::DatabasePassword => {
                (name.to_owned(), EnvValue::Secret("POSTGRES_PASSWORD".to_owned()))
            }
            _ => continue,
        };
        add(&mut settings, setting);
    }
    if settings.is_empty() {
        settings.push(("DATABASE_URL".to_owned(), database_url("postgresql", host)));
    }
    settings
}

/// A Redis of this stack, as variables name it.
struct Store<'a> {
    host: &'a str,
    /// The variable of `.env` with its password; `None` for one without.
    password: Option<&'static str>,
}

impl Store<'_> {
    fn url(&self, index: u8) -> EnvValue {
        redis_url(self.password, self.host, index)
    }

    fn setting(&self, name: &str, meaning: &Meaning) -> Option<Setting> {
        Some(match meaning {
            Meaning::CacheUrl | Meaning::BrokerUrl => (name.to_owned(), self.url(0)),
            Meaning::ResultUrl => (name.to_owned(), self.url(1)),
            Meaning::CacheHost | Meaning::BrokerHost => literal(name, self.host),
            Meaning::CachePort | Meaning::BrokerPort => literal(name, "6379"),
            Meaning::CachePassword | Meaning::BrokerPassword => {
                (name.to_owned(), EnvValue::Secret(self.password?.to_owned()))
            }
            _ => return None,
        })
    }
}

/// Whether a Redis of this stack asks for a password. Code that is told a host
/// and knows no variable for a password could not give one; its Redis is
/// reached over an internal network alone.
#[must_use]
pub fn has_password(shape: &Shape, role: Role) -> bool {
    let Some(adopted) = &shape.answers.adopted else { return true };
    let shared = role == Role::Redis && !shape.has(Role::Cache);
    let about = |meaning: &Meaning| match role {
        Role::Cache => meaning.is_of_cache(),
        _ => meaning.is_of_broker() || shared && meaning.is_of_cache(),
    };
    let told = |wanted: fn(&Meaning) -> bool| {
        adopted.derived.told(move |meaning| about(meaning) && wanted(meaning)).next().is_some()
    };
    let host = told(|meaning| matches!(meaning, Meaning::CacheHost | Meaning::BrokerHost));
    let password =
        told(|meaning| matches!(meaning, Meaning::CachePassword | Meaning::BrokerPassword));
    !host || password
}

fn store<'a>(shape: &'a Shape, role: Role, password: &'static str) -> Store<'a> {
    Store {
        host: &shape.answers.services[&role],
        password: has_password(shape, role).then_some(password),
    }
}

/// Variables that lead to the cache of this stack.
#[must_use]
pub fn cache(shape: &Shape) -> Vec<Setting> {
    let Some(adopted) = &shape.answers.adopted else { return Vec::new() };
    if !shape.has(Role::Cache) {
        return Vec::new();
    }
    let store = store(shape, Role::Cache, "CACHE_PASSWORD");
    let mut settings = Vec::new();
    for known in adopted.derived.told(Meaning::is_of_cache) {
        if let Some(setting) = store.setting(&known.name, &known.meaning) {
            add(&mut settings, setting);
        }
    }
    if settings.is_empty() {
        settings.push(("CACHE_URL".to_owned(), store.url(0)));
    }
    settings
}

/// Variables that lead to the broker of this stack, and to the cache where
/// that is the same Redis.
#[must_use]
pub fn broker(shape: &Shape) -> Vec<Setting> {
    let Some(adopted) = &shape.answers.adopted else { return Vec::new() };
    if !shape.has(Role::Redis) {
        return Vec::new();
    }
    let store = store(shape, Role::Redis, "REDIS_PASSWORD");
    let shared = !shape.has(Role::Cache);
    let mut settings = Vec::new();
    for known in
        adopted.derived.told(|meaning| meaning.is_of_broker() || shared && meaning.is_of_cache())
    {
        if let Some(setting) = store.setting(&known.name, &known.meaning) {
            add(&mut settings, setting);
        }
    }
    // A cache with a Redis of its own says nothing of this one.
    let by_url = adopted.derived.told(|meaning| {
        matches!(meaning, Meaning::BrokerUrl | Meaning::BrokerHost)
            || shared && *meaning == Meaning::CacheUrl
    });
    if by_url.count() == 0 {
        // Celery itself reads the former, whatever the code says.
        let name = if shape.has(Role::Worker) { "CELERY_BROKER_URL" } else { "REDIS_URL" };
        add(&mut settings, (name.to_owned(), store.url(0)));
    }
    settings
}

/// What `.env` has to hold for adopted code, beside what every stack has.
#[must_use]
pub fn variables(shape: &Shape) -> Vec<EnvVar> {
    let Some(adopted) = &shape.answers.adopted else { return Vec::new() };
    let application: Vec<Role> =
        shape.roles.iter().copied().filter(|role| role.runs_application()).collect();
    let mut variables: Vec<EnvVar> = Vec::new();
    let mut put = |name: &str, kind: EnvKind, doc: &str| {
        if !variables.iter().any(|known| known.name == name) {
            let services = application.clone();
            variables.push(EnvVar { name: name.to_owned(), kind, doc: doc.to_owned(), services });
        }
    };
    for known in &adopted.derived.connections {
        let name = known.name.as_str();
        match &known.meaning {
            Meaning::SecretKey => put(
                name,
                EnvKind::Secret(DJANGO_SECRET),
                "Signs sessions and tokens. Changing it signs everybody out.",
            ),
            Meaning::AllowedHosts { separator } => put(
                name,
                EnvKind::Default(hosts(shape).join(separator)),
                "Host names this service answers to.",
            ),
            Meaning::TrustedOrigins { .. } => put(
                name,
                EnvKind::Default(origin(shape)),
                "Origins that may post forms, with their scheme.",
            ),
            // Nothing here ends TLS, and its address is http://localhost.
            Meaning::HttpsAlone { off } if shape.answers.deploy.domain.is_empty() => put(
                name,
                EnvKind::Default(off.clone()),
                "Off while the address is plain HTTP: on once a proxy in front ends TLS.",
            ),
            _ => {}
        }
    }
    let works = works_without(adopted);
    let asked = elsewhere(shape, adopted).into_iter();
    for (name, kind, doc) in asked.filter(|(name, ..)| !works(name)) {
        put(&name, kind, &doc);
    }
    let given = given_by_ours(shape);
    for required in adopted.derived.required_env.iter().filter(|one| !given.contains(&one.name)) {
        if required.generated {
            put(
                &required.name,
                EnvKind::Secret(DJANGO_SECRET),
                "A secret that the code needs to start.",
            );
        } else if usual::is_password_of_own_user(&required.name) {
            put(
                &required.name,
                EnvKind::Secret(SECRET),
                "Password of the first user, whom the code makes.",
            );
        } else if let Some(usual) = usual::of(shape, &required.name) {
            put(&required.name, EnvKind::Default(usual.value), usual.doc);
        } else {
            put(&required.name, EnvKind::Required, "The code does not start without it.");
        }
    }
    for carried in adopted.derived.carried.iter().filter(|carried| carried.brought) {
        for name in open_references(&carried.text).0 {
            put(
                &name,
                EnvKind::Secret(SECRET),
                "Password of a store's user; takes effect when the store is first created.",
            );
        }
    }
    // Of stores that were there: their addresses are made of what they are told.
    for role in [Role::Db, Role::Cache, Role::Redis] {
        for (setting, value) in existing_store::settings(shape, role) {
            let EnvValue::Kept(Some(value)) = value else { continue };
            for name in open_references(&value).0 {
                if variables.iter().all(|known| known.name != name) {
                    let doc = format!("{setting} is made of it.");
                    let kind = EnvKind::Required;
                    variables.push(EnvVar { name, kind, doc, services: Vec::new() });
                }
            }
        }
    }
    variables
}

/// Names that the compose file gives a value by itself.
fn given_by_ours(shape: &Shape) -> Vec<String> {
    let stores = [Role::Db, Role::Cache, Role::Redis];
    [settings, database, cache, broker]
        .into_iter()
        .flat_map(|group| group(shape))
        .chain(stores.into_iter().flat_map(|role| existing_store::settings(shape, role)))
        .map(|(name, _)| name)
        .collect()
}

/// Whether the code was started without being told a name: what was carried
/// on found its stores, by defaults of the code or otherwise.
fn works_without(adopted: &Adopted) -> impl Fn(&str) -> bool + '_ {
    let ran = adopted.derived.carried.as_ref().is_some_and(|it| it.roles.contains_key(&Role::Web));
    move |name| ran && adopted.derived.required_env.iter().all(|required| required.name != name)
}

fn hosts(shape: &Shape) -> Vec<String> {
    let domain = shape.answers.deploy.domain.clone();
    let own = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    Some(domain).filter(|domain| !domain.is_empty()).into_iter().chain(own).collect()
}

/// Django refuses an origin that is no address, so there is always one.
fn origin(shape: &Shape) -> String {
    match shape.answers.deploy.domain.as_str() {
        "" => format!("http://localhost:{}", shape.answers.port),
        domain => format!("https://{domain}"),
    }
}

/// Addresses of what is managed elsewhere: to be filled in.
fn elsewhere(shape: &Shape, adopted: &Adopted) -> Vec<(String, EnvKind, String)> {
    let derived = &adopted.derived;
    let mut variables = Vec::new();
    let stack = &shape.answers.stack;
    let given = given_by_ours(shape);
    if stack.database == Database::External {
        let kind = derived.database.as_deref().unwrap_or("the");
        for told in &derived.connections {
            let (env, what) = match &told.meaning {
                Meaning::DatabaseUrl { scheme } => (
                    EnvKind::Required,
                    format!("{scheme}://USER:PASSWORD@HOST/NAME of the {kind} database."),
                ),
                Meaning::DatabaseHost => {
                    (EnvKind::Required, format!("Host of the {kind} database."))
                }
                Meaning::DatabasePort => match kind {
                    "mysql" | "mariadb" => {
                        (EnvKind::Default("3306".into()), "Port of the database.".into())
                    }
                    "postgres" => (EnvKind::Default("5432".into()), "Port of the database.".into()),
                    _ => (EnvKind::Required, format!("Port of the {kind} database.")),
                },
                Meaning::DatabaseName => {
                    (EnvKind::Required, format!("Name of the {kind} database."))
                }
                Meaning::DatabaseUser => {
                    (EnvKind::Required, format!("User of the {kind} database."))
                }
                Meaning::DatabasePassword => {
                    (EnvKind::Required, format!("Password of the {kind} database."))
                }
                _ => continue,
            };
            variables.push((told.name.clone(), env, what));
        }
    }
    if stack.broker == Broker::External {
        let kind = derived.broker.as_deref().unwrap_or("managed");
        let mut known = false;
        for told in derived.told(|meaning| meaning.is_of_broker() && *meaning != Meaning::ResultUrl)
        {
            known = true;
            variables.push((
                told.name.clone(),
                EnvKind::Required,
                format!("Where the {kind} broker is."),
            ));
        }
        if !known {
            let what = format!("Address of the {kind} broker; Celery reads it by itself.");
            variables.push(("CELERY_BROKER_URL".into(), EnvKind::Required, what));
        }
    }
    variables.retain(|(name, ..)| !given.contains(name));
    variables
}

/// Values for `collectstatic`, which imports the settings and connects to
/// nothing: `NAME=value` in the shell's quoting.
pub(super) fn placeholders(shape: &Shape, adopted: &Adopted) -> Vec<String> {
    let derived = &adopted.derived;
    let mut values: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: String| {
        if !values.iter().any(|(known, _)| known == name) {
            values.push((name.to_owned(), value));
        }
    };
    for known in &derived.connections {
        if let Some(value) = build_values::of(&known.meaning) {
            put(&known.name, value);
        }
    }
    for required in &derived.required_env {
        let name = required.name.as_str();
        let usual = usual::of(shape, name).filter(|_| !required.generated);
        let value = usual.map_or_else(
            || build_values::by_name(name, required.generated, derived.database.as_deref()),
            |usual| usual.value,
        );
        put(name, value);
    }
    if derived.connections.is_empty() && shape.answers.stack.database != Database::None {
        put("DATABASE_URL", "postgresql://127.0.0.1/build".into());
    }
    values.iter().map(|(name, value)| format!("{name}={}", shell_words::quote(value))).collect()
}

/// What is assumed of the code's environment.
pub(super) fn notices(shape: &Shape, adopted: &Adopted) -> Vec<String> {
    let derived = &adopted.derived;
    let mut notices = Vec::new();
    let chosen = derived.told(|meaning| matches!(meaning, Meaning::Constant { value } if matches!(value.to_lowercase().as_str(), "production" | "prod")));
    for own in chosen {
        let Meaning::Constant { value } = &own.meaning else { continue };
        notices.push(format!(
            "{}={value}: of the code's configurations the one that serves",
            own.name
        ));
    }
    let given = given_by_ours(shape);
    let demanded = derived.required_env.iter().filter(|own| !own.generated);
    let assumed: Vec<String> = demanded
        .filter(|own| !given.contains(&own.name) && !derived.given.contains(&own.name))
        .filter_map(|own| Some(format!("{}={}", own.name, usual::of(shape, &own.name)?.value)))
        .collect();
    if !assumed.is_empty() {
        notices.push(format!(
            "the code does not start without a value that nothing says; assumed by its name: {}. Change it in .env where the code means another",
            assumed.join(", ")
        ));
    }
    let silent = |accepts: fn(&Meaning) -> bool| derived.told(accepts).next().is_none();
    let is_database = |meaning: &Meaning| {
        matches!(
            meaning,
            Meaning::DatabaseUrl { .. } | Meaning::DatabaseHost | Meaning::DatabaseName
        )
    };
    // What ran there finds it by itself.
    let carried = adopted.derived.carried.as_ref();
    let finds = |role: Role| {
        carried
            .is_some_and(|own| own.roles.contains_key(&role) && own.roles.contains_key(&Role::Web))
    };
    if shape.has(Role::Db) && silent(is_database) && !finds(Role::Db) {
        notices.push(
            "no variable was found by which the code finds its database: it is given DATABASE_URL"
                .into(),
        );
    }
    let is_elsewhere = shape.answers.stack.database == Database::External;
    let is_passed = existing_store::service(adopted, Role::Db).is_some();
    if is_elsewhere && silent(is_database) && !finds(Role::Db) && !is_passed {
        let kind = adopted.derived.database.as_deref().unwrap_or("managed");
        notices.push(format!(
            "no variable was found by which the code finds its {kind} database, and none is asked for: give the services what its settings read"
        ));
    }
    let finds_cache = finds(Role::Cache) || finds(Role::Redis);
    if shape.has(Role::Cache) && silent(Meaning::is_of_cache) && !finds_cache {
        notices.push(
            "no variable was found by which the code finds its cache: it is given CACHE_URL".into(),
        );
    }
    for role in [Role::Redis, Role::Cache] {
        if shape.has(role) && !has_password(shape, role) {
            notices.push(format!(
                "{} asks for no password, since the code has no variable for one: only this stack's internal network reaches it",
                shape.answers.services[&role]
            ));
        }
    }
    notices
}

/// What has to stand in environment files that are not there, and of which
/// there is no sample.
pub(super) fn unseen(shape: &Shape, adopted: &Adopted) -> Option<String> {
    let carried = adopted.derived.carried.as_ref()?;
    let mut files: Vec<&str> = Vec::new();
    let roles = shape.roles.iter().filter(|role| role.runs_application());
    for told in roles.filter_map(|role| carried.told.get(&shape.answers.services[role])) {
        let new = told.absent.iter().map(String::as_str).filter(|path| !files.contains(path));
        files.extend(new.collect::<Vec<_>>());
    }
    if files.is_empty() {
        return None;
    }
    let given = Given::to_any(shape.answers);
    let own = given_by_ours(shape);
    let names = adopted.derived.required_env.iter().map(|required| required.name.as_str());
    let names: Vec<&str> = names
        .filter(|name| !given.surely_gives(name) && !own.iter().any(|known| known == name))
        .collect();
    let (verb, what) = match files.len() {
        1 => ("is", "it"),
        _ => ("are", "them"),
    };
    let needed = match names.is_empty() {
        true => String::new(),
        false => format!("; the code does not start without {}", names.join(", ")),
    };
    Some(format!(
        "{} {verb} not there, and there is no sample: nothing is asked for that may stand in {what}{needed}",
        files.join(", ")
    ))
}
