//! Values that code which demands a variable means nearly everywhere, by its name: a
//! blank one would keep every start from happening, and this one is right or easily
//! put right. Names of systems elsewhere and what opens them have none.

use crate::plan::shape::Shape;

/// A value and what it is taken for.
pub(super) struct Usual {
    pub value: String,
    pub doc: &'static str,
}

/// The value for a variable that the code demands; `None` where only a person knows one.
pub(super) fn of(shape: &Shape, name: &str) -> Option<Usual> {
    let name = name.to_ascii_uppercase();
    let domain = match shape.answers.deploy.domain.as_str() {
        "" => "localhost",
        domain => domain,
    };
    let address = || match domain {
        "localhost" => format!("localhost:{}", shape.answers.port),
        domain => domain.to_owned(),
    };
    let origin = || match domain {
        "localhost" => format!("http://{}", address()),
        domain => format!("https://{domain}"),
    };
    let (value, doc) = match name.as_str() {
        "ALGORITHM"
        | "JWT_ALGORITHM"
        | "JWT_ALG"
        | "AUTH_ALGORITHM"
        | "TOKEN_ALGORITHM"
        | "AUTH_JWT_ALGORITHM"
        | "JWT_SIGNING_ALGORITHM" => {
            ("HS256".to_owned(), "Algorithm that signs tokens: HS256 goes with one secret.")
        }
        "SERVER_NAME" => {
            (address(), "The address that links lead to, and whose host name the code answers to.")
        }
        "DOMAIN" | "DOMAIN_NAME" | "SITE_DOMAIN" => {
            (domain.to_owned(), "The host name that links lead to.")
        }
        "SITE_URL" | "APP_URL" | "PUBLIC_URL" | "BACKEND_URL" | "FRONTEND_URL" | "SERVER_HOST" => {
            (origin(), "The address that links lead to.")
        }
        "ENVIRONMENT" | "APP_ENV" | "APP_ENVIRONMENT" | "FLASK_ENV" | "PYTHON_ENV" => {
            ("production".to_owned(), "The name that the code has for where it runs.")
        }
        "PROJECT_NAME" | "PROJECT_TITLE" | "APP_NAME" | "APP_TITLE" => {
            (shape.answers.name.clone(), "What the application calls itself.")
        }
        "APP_VERSION" | "API_VERSION" | "PROJECT_VERSION" => {
            ("1.0.0".to_owned(), "The version that the application says it has.")
        }
        "APP_DESCRIPTION" | "PROJECT_DESCRIPTION" => {
            (shape.answers.name.clone(), "What the application says of itself.")
        }
        "ADMIN_URL" | "DJANGO_ADMIN_URL" => ("admin/".to_owned(), "Where the admin is."),
        "FIRST_SUPERUSER"
        | "FIRST_SUPERUSER_EMAIL"
        | "FIRST_USER_EMAIL"
        | "ADMIN_EMAIL"
        | "SUPERUSER_EMAIL" => {
            ("admin@example.com".to_owned(), "Who the first user is, whom the code makes.")
        }
        "LOG_LEVEL" | "LOGGING_LEVEL" => ("INFO".to_owned(), "Least severe level that is logged."),
        "TZ" | "TIMEZONE" | "TIME_ZONE" => ("UTC".to_owned(), "Time zone of the application."),
        "HOST" | "APP_HOST" => ("0.0.0.0".to_owned(), "What the code's own server listens on."),
        "APP_PORT" | "SERVER_PORT" => {
            ("8000".to_owned(), "The port that the code is told it listens on.")
        }
        "API_V1_STR" => ("/api/v1".to_owned(), "Beginning of the paths of the API."),
        name => lifetime(name)?,
    };
    Some(Usual { value, doc })
}

/// Whether it is the password of a user whom the code itself makes: any will do, and it is
/// made as secrets are.
pub(super) fn is_password_of_own_user(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let whose = name.strip_suffix("_PASSWORD").unwrap_or_default();
    matches!(whose, "FIRST_SUPERUSER" | "FIRST_USER" | "SUPERUSER" | "DJANGO_SUPERUSER" | "ADMIN")
}

/// How long what signs somebody in holds, in the unit that the name ends with.
fn lifetime(name: &str) -> Option<(String, &'static str)> {
    let (rest, unit) = name.rsplit_once('_')?;
    let is_of_tokens = ["TOKEN", "JWT", "SESSION"].iter().any(|own| rest.contains(own));
    let is_lifetime = ["EXPIRE", "EXPIRES", "EXPIRATION", "EXPIRY", "LIFETIME", "TTL"]
        .iter()
        .any(|own| rest.split('_').any(|word| word == *own));
    let refreshes = rest.contains("REFRESH");
    if !is_of_tokens || !is_lifetime {
        return None;
    }
    let value = match (unit, refreshes) {
        ("SECONDS", false) => "1800",
        ("SECONDS", true) => "604800",
        ("MINUTES" | "MINUTE" | "MINS", false) => "30",
        ("MINUTES" | "MINUTE" | "MINS", true) => "10080",
        ("HOURS", false) => "1",
        ("HOURS", true) => "168",
        ("DAYS", false) => "1",
        ("DAYS", true) => "7",
        _ => return None,
    };
    Some((value.to_owned(), "How long a token holds."))
}
