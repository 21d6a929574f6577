//! What a command is, by its words.

/// What a command is, as far as rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the program of its name")]
pub enum Program {
    Gunicorn,
    Uvicorn,
    Hypercorn,
    Daphne,
    Granian,
    Waitress,
    Uwsgi,
    DjangoDevelopment,
    FlaskDevelopment,
    FastapiRun,
    FastapiDevelopment,
    CeleryWorker,
    CeleryBeat,
    Flower,
    Migrate,
    Collectstatic,
    /// `python something.py`, `python -m something`.
    Python,
    /// Anything else.
    Other,
}

impl Program {
    /// What a command is.
    #[must_use]
    pub fn of(argv: &[String]) -> Self {
        let name = |word: &String| {
            word.rsplit('/').next().unwrap_or(word).trim_end_matches(".exe").to_ascii_lowercase()
        };
        let Some(first) = argv.first().map(name) else { return Self::Other };
        let has = |word: &str| argv.iter().any(|own| own == word);
        match first.as_str() {
            "gunicorn" => Self::Gunicorn,
            "uvicorn" => Self::Uvicorn,
            "hypercorn" => Self::Hypercorn,
            "daphne" => Self::Daphne,
            "granian" => Self::Granian,
            "waitress-serve" => Self::Waitress,
            "uwsgi" => Self::Uwsgi,
            "flask" if has("run") => Self::FlaskDevelopment,
            "flask" if has("upgrade") => Self::Migrate,
            "fastapi" if has("dev") => Self::FastapiDevelopment,
            "fastapi" if has("run") => Self::FastapiRun,
            "celery" if has("flower") => Self::Flower,
            "celery" if has("worker") => Self::CeleryWorker,
            "celery" if has("beat") => Self::CeleryBeat,
            "alembic" | "aerich" if has("upgrade") => Self::Migrate,
            "manage.py" | "django-admin" => Self::of_django(argv.get(1)),
            _ if first.starts_with("python") || first == "pypy3" => {
                let mut rest = argv[1..].iter().skip_while(|word| {
                    word.starts_with('-')
                        && word.len() == 2
                        && word.as_str() != "-m"
                        && word.as_str() != "-c"
                });
                match rest.next() {
                    Some(script) if name(script) == "manage.py" => Self::of_django(rest.next()),
                    Some(_) => Self::Python,
                    None => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }

    fn of_django(command: Option<&String>) -> Self {
        match command.map(String::as_str) {
            Some("runserver" | "runserver_plus") => Self::DjangoDevelopment,
            Some("migrate") => Self::Migrate,
            Some("collectstatic") => Self::Collectstatic,
            _ => Self::Python,
        }
    }

    /// Whether it serves HTTP.
    #[must_use]
    pub const fn serves(self) -> bool {
        matches!(
            self,
            Self::Gunicorn
                | Self::Uvicorn
                | Self::Hypercorn
                | Self::Daphne
                | Self::Granian
                | Self::Waitress
                | Self::Uwsgi
                | Self::DjangoDevelopment
                | Self::FlaskDevelopment
                | Self::FastapiRun
                | Self::FastapiDevelopment
        )
    }

    /// Whether it is a server that is not for production.
    #[must_use]
    pub const fn is_development(self) -> bool {
        matches!(self, Self::DjangoDevelopment | Self::FlaskDevelopment | Self::FastapiDevelopment)
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gunicorn => "gunicorn",
            Self::Uvicorn => "uvicorn",
            Self::Hypercorn => "hypercorn",
            Self::Daphne => "daphne",
            Self::Granian => "granian",
            Self::Waitress => "waitress",
            Self::Uwsgi => "uwsgi",
            Self::DjangoDevelopment => "manage.py runserver",
            Self::FlaskDevelopment => "flask run",
            Self::FastapiRun => "fastapi run",
            Self::FastapiDevelopment => "fastapi dev",
            Self::CeleryWorker => "celery worker",
            Self::CeleryBeat => "celery beat",
            Self::Flower => "flower",
            Self::Migrate => "a migration",
            Self::Collectstatic => "collectstatic",
            Self::Python => "python",
            Self::Other => "a command",
        }
    }
}
