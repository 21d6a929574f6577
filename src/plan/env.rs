//! The environment variables of a stack: which service reads which, and
//! whether a value is generated, has a default, or must be given.

use crate::plan::code::has_password;
use crate::plan::given::Given;
use crate::plan::network;
use crate::plan::shape::Shape;
use crate::schema::role::Role;

/// Where a variable's value comes from. Secret bytes exist only in `apply`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvKind {
    /// Random, of this many letters and digits, made when `.env` is written.
    Secret(usize),
    /// This, unless somebody changes it.
    Default(String),
    /// Must be given; there is no sensible default.
    Required,
    /// What stood in the repository's own compose file: it stays what it was.
    Kept,
    /// The user or group that writes the files, so that the development
    /// overlay's files belong to them.
    HostUser,
    /// The group of [`EnvKind::HostUser`].
    HostGroup,
}

impl EnvKind {
    /// The word for templates.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Secret(_) | Self::Kept => "secret",
            Self::Default(_) | Self::HostUser | Self::HostGroup => "default",
            Self::Required => "required",
        }
    }

    /// The value to show in `.env.example`.
    #[must_use]
    pub fn example(&self) -> &str {
        match self {
            Self::Default(value) => value,
            Self::HostUser | Self::HostGroup => "1000",
            Self::Secret(_) | Self::Required | Self::Kept => "",
        }
    }
}

/// One variable in `.env`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub kind: EnvKind,
    /// What it is for.
    pub doc: String,
    /// The services that read it.
    pub services: Vec<Role>,
}

/// Letters and digits in a generated secret: 40 of 62 are 238 bits.
pub(super) const SECRET: usize = 40;
/// Django's `check --deploy` wants at least 50.
pub(super) const DJANGO_SECRET: usize = 50;

/// What only a person knows, and what is there already: the rest has to be
/// filled in, since Compose starts nothing without it.
#[must_use]
pub fn to_fill_in<'a>(variables: &'a [EnvVar], given: &[String]) -> Option<String> {
    let required = variables.iter().filter(|variable| variable.kind == EnvKind::Required);
    let names = required.map(|variable| &variable.name).filter(|name| !given.contains(name));
    let names: Vec<&'a str> = names.map(String::as_str).collect();
    (!names.is_empty())
        .then(|| format!("fill in {} in .env before the first start", names.join(", ")))
}

/// The variables of `.env`.
#[must_use]
pub fn variables(shape: &Shape) -> Vec<EnvVar> {
    let deploy = &shape.answers.deploy;
    let application: Vec<Role> =
        shape.roles.iter().copied().filter(|role| role.runs_application()).collect();
    let whole = shape.application().framework.whole_settings || shape.answers.adopted.is_some();
    let used_by = |store: Option<Role>, users: &[Role]| -> Vec<Role> {
        let uses = |role: &Role| whole || users.contains(role);
        store.into_iter().chain(application.iter().copied().filter(uses)).collect()
    };
    let framework = shape.application().framework;
    let external = shape.has(Role::Migrate) && !shape.has(Role::Db);

    let mut variables = vec![EnvVar {
        name: "LOG_LEVEL".into(),
        kind: EnvKind::Default("info".into()),
        doc: "Least severe level that is logged: debug, info, warning or error.".into(),
        services: application.clone(),
    }];
    let adopted = shape.answers.adopted.is_some();
    if adopted {
        // Code that reads LOG_LEVEL may want it in another spelling.
        variables = crate::plan::code::variables(shape);
    }
    let mut add = |when: bool, name: &str, kind, doc: &str, services: Vec<Role>| {
        if when && !variables.iter().any(|known| known.name == name) {
            variables.push(EnvVar { name: name.to_owned(), kind, doc: doc.to_owned(), services });
        }
    };
    add(
        framework.secret_key && !adopted,
        "SECRET_KEY",
        EnvKind::Secret(DJANGO_SECRET),
        "Signs sessions and tokens. Changing it signs everybody out.",
        application.clone(),
    );
    add(
        shape.has(Role::Db),
        "POSTGRES_PASSWORD",
        EnvKind::Secret(SECRET),
        "Password of the database user; takes effect when the database is first created.",
        used_by(Some(Role::Db), &[Role::Web, Role::Worker, Role::Migrate]),
    );
    add(
        external && !adopted,
        "DATABASE_URL",
        EnvKind::Required,
        "postgresql://USER:PASSWORD@HOST:5432/NAME of the managed database. TLS is required; ?sslmode=verify-full also checks who answers, ?sslmode=disable goes without.",
        used_by(None, &[Role::Web, Role::Worker, Role::Migrate]),
    );
    add(
        shape.has(Role::Redis) && has_password(shape, Role::Redis),
        "REDIS_PASSWORD",
        EnvKind::Secret(SECRET),
        "Password of the broker.",
        used_by(Some(Role::Redis), &[Role::Web, Role::Worker, Role::Beat]),
    );
    add(
        shape.has(Role::Cache) && has_password(shape, Role::Cache),
        "CACHE_PASSWORD",
        EnvKind::Secret(SECRET),
        "Password of the cache.",
        used_by(Some(Role::Cache), &[Role::Web, Role::Worker]),
    );
    let checks_hosts = framework.allowed_hosts && !adopted;
    // Who comes in to a cluster asks for a name, if only for one to begin with.
    let domain = match deploy.is_clustered() {
        true => deploy.public_name(&shape.answers.name),
        false => deploy.domain.clone(),
    };
    let (hosts, origins) = match domain.as_str() {
        "" => ("localhost,127.0.0.1".to_owned(), String::new()),
        domain => (format!("{domain},localhost,127.0.0.1"), format!("https://{domain}")),
    };
    add(
        checks_hosts,
        "ALLOWED_HOSTS",
        EnvKind::Default(hosts),
        "Host names this service answers to, separated by commas.",
        vec![Role::Web],
    );
    add(
        checks_hosts,
        "CSRF_TRUSTED_ORIGINS",
        EnvKind::Default(origins),
        "Origins that may post forms, with their scheme, separated by commas.",
        vec![Role::Web],
    );
    // Without a proxy that is believed every request looks like plain HTTP, and
    // a redirect would lead back to itself for ever.
    let behind_tls = checks_hosts && deploy.trusted_proxies.any();
    let is_public = !deploy.domain.is_empty();
    add(
        behind_tls,
        "SECURE_SSL_REDIRECT",
        EnvKind::Default(is_public.to_string()),
        "true once a proxy in front ends TLS: plain HTTP is then redirected to HTTPS, and cookies are sent over HTTPS alone.",
        vec![Role::Web],
    );
    add(
        behind_tls,
        "SECURE_HSTS_SECONDS",
        EnvKind::Default(if is_public { "3600" } else { "0" }.into()),
        "How long browsers refuse plain HTTP for this name after a visit, which nothing takes back: raise it, to 31536000 in the end, once HTTPS is known to work. 0 is off.",
        vec![Role::Web],
    );
    add(
        !shape.has(Role::Nginx)
            && deploy.trusted_proxies.any()
            && shape.answers.own_image().is_none_or(|image| image.takes_proxies),
        "FORWARDED_ALLOW_IPS",
        EnvKind::Default(network::believed(shape.answers).join(",")),
        "Addresses and networks of proxies whose X-Forwarded-* headers are believed, separated by commas.",
        vec![Role::Web],
    );
    for variable in network::variables(shape.answers, &application) {
        add(true, &variable.name, variable.kind, &variable.doc, variable.services);
    }
    add(
        true,
        "TAG",
        EnvKind::Default("local".into()),
        "Tag of the images that are built and started. A release has its own: it can then be rolled back.",
        Vec::new(),
    );
    let doc = "Your user id (id -u): the development overlay runs as it.";
    // Beside an image that stays there is no overlay.
    let has_overlay = shape.answers.own_image().is_none();
    add(has_overlay, "HOST_UID", EnvKind::HostUser, doc, Vec::new());
    let doc = "Your group id (id -g).";
    add(has_overlay, "HOST_GID", EnvKind::HostGroup, doc, Vec::new());
    Given::to_any(shape.answers).without(variables)
}
