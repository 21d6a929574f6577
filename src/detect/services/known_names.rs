//! Well-known names of variables, where the code does not say what they mean.

/// What a variable is to the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Address of the database.
    DatabaseUrl,
    /// Host of the database.
    DatabaseHost,
    /// Port of the database.
    DatabasePort,
    /// Name of the database.
    DatabaseName,
    /// User of the database.
    DatabaseUser,
    /// Password of the database.
    DatabasePassword,
    /// Which kind of database it is.
    Engine,
    /// Address of the cache.
    CacheUrl,
    /// Host of the cache.
    CacheHost,
    /// Port of the cache.
    CachePort,
    /// Password of the cache.
    CachePassword,
    /// Address of the broker.
    BrokerUrl,
    /// Host of the broker.
    BrokerHost,
    /// Port of the broker.
    BrokerPort,
    /// Password of the broker.
    BrokerPassword,
    /// Address of the results.
    ResultUrl,
    /// A key that signs.
    SecretKey,
    /// Hosts that are served.
    AllowedHosts,
    /// Origins that may post.
    TrustedOrigins,
    /// Debug mode.
    Debug,
    /// Whether plain HTTP is redirected or refused.
    HttpsAlone,
    /// Nothing that is given a value.
    Other,
}

impl Role {
    /// Whether it is about the database.
    #[must_use]
    pub const fn is_of_database(self) -> bool {
        matches!(
            self,
            Self::DatabaseUrl
                | Self::DatabaseHost
                | Self::DatabasePort
                | Self::DatabaseName
                | Self::DatabaseUser
                | Self::DatabasePassword
        )
    }
}

impl Role {
    /// What it is of a Redis that hands on tasks.
    #[must_use]
    pub const fn for_tasks(self) -> Self {
        match self {
            Self::CacheUrl => Self::BrokerUrl,
            Self::CacheHost => Self::BrokerHost,
            Self::CachePort => Self::BrokerPort,
            Self::CachePassword => Self::BrokerPassword,
            other => other,
        }
    }
}

/// Beginnings of names that speak of the database.
const DATABASE: [&str; 15] = [
    "POSTGRES",
    "POSTGRESQL",
    "PG",
    "PSQL",
    "DB",
    "DATABASE",
    "SQL",
    "MYSQL",
    "MARIADB",
    "RDS",
    "POSTGRES_DB",
    "DJANGO_DB",
    "APP_DB",
    "MONGO",
    "MONGODB",
];
/// Beginnings of names that speak of Redis.
const REDIS: [&str; 5] = ["REDIS", "CACHE", "REDIS_CACHE", "CACHE_REDIS", "VALKEY"];
/// Beginnings of names that speak of the broker.
const BROKER: [&str; 8] = [
    "BROKER",
    "CELERY_BROKER",
    "RABBITMQ",
    "RABBIT",
    "AMQP",
    "CLOUDAMQP",
    "RABBITMQ_DEFAULT",
    "RMQ",
];

/// What a variable is by its name alone.
#[must_use]
pub fn role_of_name(name: &str) -> Option<Role> {
    let name = name.to_ascii_uppercase();
    match name.as_str() {
        "PGHOST" => return Some(Role::DatabaseHost),
        "PGPORT" => return Some(Role::DatabasePort),
        "PGUSER" => return Some(Role::DatabaseUser),
        "PGPASSWORD" => return Some(Role::DatabasePassword),
        "PGDATABASE" => return Some(Role::DatabaseName),
        "SQLALCHEMY_DATABASE_URI"
        | "SQLALCHEMY_DATABASE_URL"
        | "SQLALCHEMY_URL"
        | "DB_CONNECTION_STRING"
        | "DATABASE_CONNECTION_STRING"
        | "ASYNC_DATABASE_URL"
        | "DATABASE_URI" => {
            return Some(Role::DatabaseUrl);
        }
        "CELERY_RESULT_BACKEND"
        | "RESULT_BACKEND"
        | "CELERY_RESULT_BACKEND_URL"
        | "CELERY_BACKEND_URL"
        | "CELERY_BACKEND"
        | "CELERY_RESULT_URL" => return Some(Role::ResultUrl),
        "CELERY_BROKER" => return Some(Role::BrokerUrl),
        "SECRET_KEY" | "DJANGO_SECRET_KEY" | "FLASK_SECRET_KEY" | "APP_SECRET_KEY" => {
            return Some(Role::SecretKey);
        }
        "ALLOWED_HOSTS" | "DJANGO_ALLOWED_HOSTS" => return Some(Role::AllowedHosts),
        "CSRF_TRUSTED_ORIGINS" | "DJANGO_CSRF_TRUSTED_ORIGINS" => {
            return Some(Role::TrustedOrigins);
        }
        "DEBUG" | "DJANGO_DEBUG" | "FLASK_DEBUG" | "APP_DEBUG" => return Some(Role::Debug),
        "DB_ENGINE" | "DATABASE_ENGINE" | "SQL_ENGINE" => return Some(Role::Engine),
        _ => {}
    }
    let (start, end) = name.rsplit_once('_')?;
    if DATABASE.contains(&start) {
        return Some(match end {
            "URL" | "URI" | "DSN" => Role::DatabaseUrl,
            "HOST" | "SERVER" | "HOSTNAME" | "ADDRESS" => Role::DatabaseHost,
            "PORT" => Role::DatabasePort,
            "DB" | "NAME" | "DATABASE" | "DBNAME" => Role::DatabaseName,
            "USER" | "USERNAME" => Role::DatabaseUser,
            "PASSWORD" | "PASS" | "PASSWD" | "PWD" => Role::DatabasePassword,
            _ => return None,
        });
    }
    if REDIS.contains(&start) || start.starts_with("REDIS_") {
        return Some(match end {
            "URL" | "URI" | "DSN" => Role::CacheUrl,
            "HOST" | "SERVER" | "HOSTNAME" => Role::CacheHost,
            "PORT" => Role::CachePort,
            "PASSWORD" | "PASS" => Role::CachePassword,
            _ => return None,
        });
    }
    if BROKER.contains(&start) {
        return Some(match end {
            "URL" | "URI" => Role::BrokerUrl,
            "HOST" | "SERVER" | "HOSTNAME" => Role::BrokerHost,
            "PORT" => Role::BrokerPort,
            "PASSWORD" | "PASS" => Role::BrokerPassword,
            _ => return None,
        });
    }
    None
}
