//! Variables without which the code does not start.

use std::collections::{BTreeMap, HashSet};

use ruff_python_ast::{CmpOp, Expr, Stmt};

use crate::detect::fact::Evidence;
use crate::detect::facts::RequiredEnv;
use crate::detect::python::Scope;
use crate::detect::python::When;
use crate::detect::python::raises;
use crate::detect::python::reached;
use crate::detect::python::{assignments, dotted};
use crate::detect::services::Evidences;
use crate::detect::services::binding::Binding;
use crate::detect::services::reads::runs_at_start;

/// Variables that every container has, or that a server sets itself.
const ALWAYS_SET: [&str; 12] = [
    "HOME",
    "PATH",
    "PWD",
    "USER",
    "HOSTNAME",
    "LANG",
    "SHELL",
    "TERM",
    "TMPDIR",
    "VIRTUAL_ENV",
    "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH",
];

/// Every variable that production reads and has no default for, by name.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Vec<(RequiredEnv, Vec<Evidence>)> {
    let mut found: BTreeMap<String, (RequiredEnv, Vec<Evidence>)> = BTreeMap::new();
    let mut note = |name: &str, at_import: bool, evidence: &Evidence| {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain || name.is_empty() || ALWAYS_SET.contains(&name) {
            return;
        }
        let required =
            RequiredEnv { name: name.to_owned(), generated: is_signing_key(name), at_import };
        let (known, lines) = found.entry(name.to_owned()).or_insert_with(|| (required, Vec::new()));
        known.at_import |= at_import;
        if !lines.contains(evidence) && lines.len() < 4 {
            lines.push(evidence.clone());
        }
    };
    for read in &evidences.reads {
        if read.when == When::Always && read.at_start && read.read.required {
            note(&read.read.name, read.at_import, &read.evidence);
        }
    }
    for (name, at_import, evidence) in checked(evidences) {
        note(&name, at_import, &evidence);
    }
    // What the code puts into the environment itself need not come from outside.
    let own = put_by_the_code(evidences);
    // What the code gives a settings class itself need not come from outside.
    let given: HashSet<(&str, &str)> = evidences
        .bindings
        .iter()
        .filter(|it| !it.is_field)
        .filter_map(|it| Some((it.called().rsplit('.').next()?, it.last())))
        .collect();
    let given = |binding: &Binding| given.contains(&(binding.first(), binding.last()));
    for binding in
        evidences.live().filter(|it| it.is_field && it.when == When::Always && !given(it))
    {
        if let Some(read) = binding.value.read().filter(|read| read.required) {
            note(&read.name, binding.at_import, &binding.evidence);
        }
    }
    found.retain(|name, _| !own.contains(name));
    found.into_values().collect()
}

/// Names that modules put into the environment while they are imported:
/// `os.environ["KIND"] = "x"`, `os.environ.setdefault("KIND", "x")`.
fn put_by_the_code(evidences: &Evidences<'_, '_>) -> HashSet<String> {
    let mut names = HashSet::new();
    for module in &evidences.project.modules {
        let scope = Scope::top(module);
        for statement in reachable(&module.ast.body) {
            match statement {
                Stmt::Assign(assign) => {
                    let targets = assign.targets.iter().filter_map(|target| match target {
                        Expr::Subscript(own) => {
                            evidences.evaluator.subscript_read(scope, &own.value, &own.slice)
                        }
                        _ => None,
                    });
                    names.extend(targets.map(|read| read.name));
                }
                Stmt::Expr(own) => {
                    if let Expr::Call(call) = &*own.value
                        && dotted(&call.func)
                            .is_some_and(|name| name.ends_with("environ.setdefault"))
                    {
                        let read = evidences.evaluator.call_read(scope, call);
                        names.extend(read.map(|read| read.name));
                    }
                }
                _ => {}
            }
        }
    }
    names
}

/// Names given by a variable and refused when they are empty:
/// `key = os.getenv("KEY")`, then `if not key: raise …`.
fn checked(evidences: &Evidences<'_, '_>) -> Vec<(String, bool, Evidence)> {
    let mut found = Vec::new();
    for module in &evidences.project.modules {
        let mut bodies: Vec<(Option<_>, Vec<&Stmt>)> = vec![(None, reachable(&module.ast.body))];
        for statement in module.top_level() {
            if let Stmt::FunctionDef(function) = statement
                && runs_at_start(&module.path, function)
            {
                bodies.push((Some(function), reachable(&function.body)));
            }
        }
        for (function, body) in bodies {
            let scope = Scope { function, ..Scope::top(module) };
            for statement in &body {
                for (key, environ) in absent(statement) {
                    if let Some(read) = evidences.evaluator.subscript_read(scope, environ, key) {
                        found.push((read.name, function.is_none(), module.evidence(key)));
                    }
                }
                for expr in refused(statement) {
                    let assigned = body.iter().flat_map(|it| assignments(it)).find(
                        |(name, _)| matches!(expr, Expr::Name(it) if it.id.as_str() == *name),
                    );
                    let value = evidences.evaluator.value(scope, assigned.map_or(expr, |it| it.1));
                    let Some(read) = value.read().filter(|read| read.default.is_none()) else {
                        continue;
                    };
                    let node = assigned.map_or(expr, |it| it.1);
                    found.push((read.name.clone(), function.is_none(), module.evidence(node)));
                }
            }
        }
    }
    found
}

/// The statements of a body that production may reach.
fn reachable(body: &[Stmt]) -> Vec<&Stmt> {
    let statements = reached(body, When::Always).into_iter();
    statements.filter(|(when, _)| *when != When::Never).map(|(_, statement)| statement).collect()
}

/// Whether a body ends the program whatever else holds: what ends it under a further
/// condition asks for something else as well.
fn ends(body: &[Stmt]) -> bool {
    let is_plain = |own: &&Stmt| matches!(own, Stmt::Raise(_) | Stmt::Assert(_) | Stmt::Expr(_));
    body.iter().filter(is_plain).any(|own| raises(std::slice::from_ref(own)))
}

/// What a statement ends the program for when it is empty.
fn refused(statement: &Stmt) -> Vec<&Expr> {
    match statement {
        Stmt::If(block) if ends(&block.body) => empty(&block.test),
        Stmt::Assert(assert) => vec![match &*assert.test {
            Expr::Compare(compare) => &compare.left,
            other => other,
        }],
        _ => Vec::new(),
    }
}

/// `if "KEY" not in os.environ: exit()`: the key, and what lacks it.
fn absent(statement: &Stmt) -> Vec<(&Expr, &Expr)> {
    fn all(test: &Expr) -> Vec<(&Expr, &Expr)> {
        match test {
            Expr::Compare(own) => match (&*own.ops, &*own.comparators) {
                ([CmpOp::NotIn], [environ]) => vec![(&own.left, environ)],
                _ => Vec::new(),
            },
            Expr::UnaryOp(not) if not.op == ruff_python_ast::UnaryOp::Not => match &*not.operand {
                Expr::Compare(own) => match (&*own.ops, &*own.comparators) {
                    ([CmpOp::In], [environ]) => vec![(&own.left, environ)],
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            },
            Expr::BoolOp(either) if either.op == ruff_python_ast::BoolOp::Or => {
                either.values.iter().flat_map(all).collect()
            }
            _ => Vec::new(),
        }
    }
    match statement {
        Stmt::If(block) if ends(&block.body) => all(&block.test),
        Stmt::Assert(assert) => match &*assert.test {
            Expr::Compare(own) => match (&*own.ops, &*own.comparators) {
                ([CmpOp::In], [environ]) => vec![(&own.left, environ)],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The names of which a condition says that one of them is empty.
fn empty(test: &Expr) -> Vec<&Expr> {
    match test {
        Expr::UnaryOp(not) if not.op == ruff_python_ast::UnaryOp::Not => match &*not.operand {
            Expr::Call(call) if dotted(&call.func).as_deref() == Some("all") => {
                match call.arguments.args.first() {
                    Some(Expr::List(list)) => list.elts.iter().collect(),
                    Some(Expr::Tuple(tuple)) => tuple.elts.iter().collect(),
                    _ => Vec::new(),
                }
            }
            Expr::BoolOp(all) if all.op == ruff_python_ast::BoolOp::And => {
                all.values.iter().collect()
            }
            operand => vec![operand],
        },
        Expr::Compare(compare) => match (&*compare.ops, &*compare.comparators) {
            ([ruff_python_ast::CmpOp::Is | ruff_python_ast::CmpOp::Eq], [Expr::NoneLiteral(_)]) => {
                vec![&compare.left]
            }
            _ => Vec::new(),
        },
        Expr::BoolOp(either) if either.op == ruff_python_ast::BoolOp::Or => {
            either.values.iter().flat_map(empty).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a variable holds a key that only this application uses, so that a
/// random one will do. Passwords and keys of systems elsewhere are not.
pub(super) fn is_signing_key(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    const WHOLE: [&str; 8] = [
        "SECRET",
        "APP_SECRET",
        "SECRET_KEY",
        "JWT_SECRET",
        "JWT_KEY",
        "SESSION_SECRET",
        "SIGNING_KEY",
        "SECURITY_PASSWORD_SALT",
    ];
    const FOREIGN: [&str; 21] = [
        "AWS",
        "S3",
        "STRIPE",
        "GOOGLE",
        "GITHUB",
        "TWILIO",
        "OAUTH",
        "CLIENT",
        "RECAPTCHA",
        "AUTH0",
        "FACEBOOK",
        "API",
        "ACCESS",
        "MINIO",
        "RAZORPAY",
        "PAYPAL",
        "CLOUDINARY",
        "SLACK",
        "AZURE",
        "SOCIAL",
        "KEYCLOAK",
    ];
    let words: Vec<&str> = name.split('_').collect();
    if words.iter().any(|word| FOREIGN.contains(word)) {
        return false;
    }
    WHOLE.contains(&name.as_str())
        || name.ends_with("SECRET_KEY")
        || name.ends_with("JWT_SECRET")
        || name.ends_with("SIGNING_KEY")
        || name.ends_with("SESSION_SECRET")
        || name.ends_with("APP_SECRET")
        || name.ends_with("SECRETKEY")
        || name.ends_with("TOKEN_SECRET")
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::Repository;

    fn names(repository: &Repository) -> Vec<String> {
        repository.find().required_env.into_iter().map(|(it, _)| it.name).collect()
    }

    fn flask(config: &str) -> Vec<String> {
        let main = "from flask import Flask\nfrom config import *\napp = Flask(__name__)\n";
        names(
            &Repository::new(&[("main.py", main), ("config.py", config)])
                .starts("flask", "main:app"),
        )
    }

    #[test]
    fn a_variable_is_required_in_every_way_to_say_so() {
        for config in [
            "import os\nX = os.environ['WANTED']\n",
            "from os import environ\nX = environ['WANTED']\n",
            "import os as o\nX = o.environ['WANTED']\n",
            "import os\nX = os.environ.get('WANTED').split(' ')\n",
            "import os\nX = int(os.getenv('WANTED'))\n",
            "import os\nX = 'redis://' + os.getenv('WANTED')\n",
            "import os\nX = os.getenv('WANTED')\nif not X:\n    raise ValueError('WANTED')\n",
            "import os\nX = os.getenv('WANTED')\nif X is None:\n    exit(9)\n",
            "import os, sys\nX = os.environ.get('WANTED')\nif X is None:\n    sys.exit('no')\n",
            "import os\nX = os.getenv('WANTED')\nassert X is not None\n",
            "import os\nX = os.getenv('WANTED')\nif not all([X, 1]):\n    raise RuntimeError\n",
            "import os\nX = os.getenv('WANTED')\nY = X.strip()\n",
            "import os\ntry:\n    X = os.environ['WANTED']\nexcept KeyError:\n    raise SystemExit(1)\n",
            "import environ\nenv = environ.Env()\nX = env('WANTED')\n",
            "import environ\nenv = environ.Env()\nX = env.str('WANTED')\n",
            "from environs import Env\nenv = Env()\nX = env.list('WANTED')\n",
            "from decouple import config\nX = config('WANTED')\n",
            "from decouple import config\nX = config('WANTED', cast=int)\n",
            "from starlette.config import Config\nconfig = Config('.env')\nX = config('WANTED', cast=str)\n",
            "import os\ndef need(name):\n    try:\n        return os.environ[name]\n    except KeyError:\n        raise RuntimeError(name)\nX = need('WANTED')\n",
            "import os\ndef need(name, default=None):\n    value = os.getenv(name, default)\n    if value is None:\n        raise RuntimeError(name)\n    return value\nX = need('WANTED')\nY = need('OTHER', 'y')\n",
            "import os\ndef need(name):\n    if value := os.getenv(name):\n        return value\n    raise RuntimeError(name)\nX = need('WANTED')\n",
            "import os\nDEBUG = False\nif not DEBUG:\n    X = os.environ['WANTED']\n",
            "import os\nX = os.getenv('A', os.environ['WANTED'])\n",
            "from environs import FileAwareEnv\nenv = FileAwareEnv()\nX = env.str('WANTED')\n",
            "import os\nif 'WANTED' not in os.environ:\n    print('no')\n    exit(1)\n",
            "import os, sys\nif not 'WANTED' in os.environ:\n    sys.exit(1)\n",
            "import os\nassert 'WANTED' in os.environ\n",
            "import os\ndef need(name):\n    if name not in os.environ:\n        raise KeyError(name)\n    return os.environ[name]\nX = need('WANTED')\n",
        ] {
            assert_eq!(flask(config), ["WANTED"], "{config}");
        }
    }

    #[test]
    fn a_variable_with_a_way_out_is_not_required() {
        for config in [
            "import os\nX = os.getenv('A')\nif X is None:\n    if os.getenv('B') == 'x':\n        exit(1)\n",
            "import os\nX = os.getenv('A')\ndef settings(request):\n    assert X\n",
            "import os\n@app.route('/start')\ndef start():\n    return os.environ['A']\n",
            "import os\nX = os.getenv('A')\n",
            "import os\nX = os.environ.get('A', 'b').split()\n",
            "import os\nX = int(os.environ.get('A') or 5)\n",
            "import os\nif 'A' in os.environ:\n    X = os.environ['A']\n",
            "import os\nif os.getenv('A'):\n    X = os.environ['A']\n",
            "import os\nX = os.environ['A'] if 'A' in os.environ else None\n",
            "import os\ntry:\n    X = os.environ['A']\nexcept KeyError:\n    X = 'b'\n",
            "import os\nDEBUG = False\nif DEBUG:\n    X = os.environ['A']\n",
            "import environ\nenv = environ.Env(A=(bool, False))\nX = env('A')\n",
            "from decouple import config\nX = config('A', default=None)\n",
            "from decouple import config\nX = config('A', 'b')\n",
            "import os\nos.environ.setdefault('A', 'b')\n",
            "import os\nos.environ['A'] = 'b'\n",
            "import os\nif 'A' not in os.environ:\n    os.environ['A'] = 'b'\nX = os.environ['A']\n",
            "import os\nos.environ.setdefault('A', 'b')\nX = os.environ['A']\n",
            "import os\nif __name__ == '__main__':\n    X = os.environ['A']\n",
            "import os\ndef send():\n    return os.environ['A']\n",
            "import os\nX = (os.getenv('A') or 'x').split()\n",
            "import os\ndef secret(name, default=None):\n    if path := os.getenv(name + '_FILE'):\n        if not os.path.exists(path):\n            raise RuntimeError(name)\n        return open(path).read()\n    return os.getenv(name, default)\nX = secret('A')\n",
        ] {
            let found = if config.contains("def send") {
                let main = format!("from flask import Flask\n{config}app = Flask(__name__)\n");
                names(&Repository::new(&[("main.py", &main)]).starts("flask", "main:app"))
            } else {
                flask(config)
            };
            assert!(found.is_empty(), "{config}: {found:?}");
        }
    }

    #[test]
    fn fields_of_settings_without_a_default_are_variables() {
        let main = "from fastapi import FastAPI\nfrom pydantic import Field\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n\
            class Base(BaseSettings):\n    shared: str\n\
            class Mail(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='MAIL_')\n    host: str\n    port: int = 25\n\
            class Settings(Base):\n    SECRET_KEY: str\n    debug: bool = False\n    token: str = Field(..., alias='API_TOKEN')\n    made: list = Field(default_factory=list)\n    maybe: str | None = None\n    mail: Mail = Mail()\n\
            class TestSettings(Settings):\n    only_tests: str\n\
            settings = Settings()\napp = FastAPI()\n";
        let repository = Repository::fastapi(main, &[]);
        assert_eq!(names(&repository), ["API_TOKEN", "MAIL_HOST", "SECRET_KEY", "SHARED"]);
        let found = repository.find();
        let secret = found.required_env.iter().find(|(it, _)| it.name == "SECRET_KEY").unwrap();
        assert!(secret.0.generated && secret.0.at_import);
        assert_eq!(secret.1[0].text, "SECRET_KEY: …");
    }

    #[test]
    fn settings_with_a_source_of_their_own_may_have_their_values_there() {
        let main = "from fastapi import FastAPI\nfrom pydantic_settings import BaseSettings, TomlConfigSettingsSource\n\
            class Settings(BaseSettings):\n    region: str\n    @classmethod\n    def settings_customise_sources(cls, settings_cls, **kw):\n        return (TomlConfigSettingsSource(settings_cls),)\n\
            settings = Settings()\napp = FastAPI()\n";
        assert!(names(&Repository::fastapi(main, &[])).is_empty());
    }

    #[test]
    fn settings_that_are_made_behind_a_switch_alone_are_not_required() {
        let head = "import os\nfrom fastapi import FastAPI, Depends\nfrom pydantic_settings import BaseSettings\nON = os.getenv('ON') == '1'\nclass S3(BaseSettings):\n    bucket: str\napp = FastAPI()\n";
        for (code, required) in [
            ("if ON:\n    s3 = S3()\n", false),
            ("s3 = S3() if ON else None\n", false),
            ("def make():\n    return S3()\nif ON:\n    s3 = make()\n", false),
            ("try:\n    s3 = S3()\nexcept Exception:\n    s3 = None\n", false),
            ("s3 = S3()\n", true),
            ("def make():\n    return S3()\ns3 = make()\n", true),
            (
                "def make():\n    return S3()\n@app.get('/')\ndef root(s = Depends(make)):\n    return s\n",
                true,
            ),
            ("def make() -> S3:\n    return S3()\nif ON:\n    a = make()\nb = make()\n", true),
        ] {
            let found = names(&Repository::fastapi(&format!("{head}{code}"), &[]));
            assert_eq!(found == ["BUCKET"], required, "{code}: {found:?}");
        }
    }

    #[test]
    fn what_the_code_gives_its_settings_need_not_come_from_outside() {
        let main = "from fastapi import FastAPI\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    given: bool\n    wanted: str\nsettings = Settings(given=True)\napp = FastAPI()\n";
        assert_eq!(names(&Repository::fastapi(main, &[])), ["WANTED"]);
    }

    #[test]
    fn a_view_called_settings_is_none_of_the_start() {
        let views = "import os\nfrom django.conf import settings\nKEY = os.getenv('KEY')\ndef board_settings(request):\n    assert KEY\n    os.environ['OTHER']\n";
        let main = format!("from fastapi import FastAPI\n{views}app = FastAPI()\n");
        assert!(names(&Repository::fastapi(&main, &[])).is_empty());
        let main = main.replace("(request)", "()");
        assert_eq!(names(&Repository::fastapi(&main, &[])), ["KEY", "OTHER"]);
    }

    #[test]
    fn a_check_in_a_function_that_serves_a_request_is_none_of_the_start() {
        let main = "import os\nfrom fastapi import FastAPI\nBUCKET = os.getenv('BUCKET')\napp = FastAPI()\n@app.get('/')\ndef download():\n    bucket = os.getenv('BUCKET')\n    if not bucket:\n        raise RuntimeError\n";
        assert!(names(&Repository::fastapi(main, &[])).is_empty());
    }

    #[test]
    fn an_optional_field_of_the_first_pydantic_has_a_default() {
        let main = "from fastapi import FastAPI\nfrom typing import Optional\nfrom pydantic import BaseSettings\nclass S(BaseSettings):\n    a: Optional[str]\n    b: str\n    class Config:\n        env_prefix = 'shop_'\napp = FastAPI()\n";
        assert_eq!(names(&Repository::fastapi(main, &[])), ["SHOP_B"]);
    }

    #[test]
    fn a_model_among_the_fields_is_asked_for_by_its_parts() {
        let main = "from fastapi import FastAPI\nfrom pydantic import BaseModel\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\nclass Api(BaseModel):\n    token: str\n    retries: int = 3\nclass S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='A_', env_nested_delimiter='__')\n    api: Api\n    other: Api = Api(token='x')\ns = S()\napp = FastAPI()\n";
        assert_eq!(names(&Repository::fastapi(main, &[])), ["A_API__TOKEN"]);
    }

    #[test]
    fn only_code_that_production_imports_counts() {
        let wanted = "import os\nX = os.environ['WANTED']\n";
        let found = Repository::django(
            "INSTALLED_APPS = ['shop']\n",
            &[
                ("config/settings_test.py", wanted),
                ("shop/__init__.py", ""),
                ("shop/management/commands/load.py", wanted),
                ("shop/tests.py", wanted),
                ("scripts/once.py", wanted),
                ("shop/models.py", "import os\nY = os.environ['OWN']\n"),
            ],
        );
        assert_eq!(names(&found), ["OWN"]);
    }

    #[test]
    fn passwords_of_systems_elsewhere_are_not_generated() {
        for name in ["SECRET_KEY", "DJANGO_SECRET_KEY", "JWT_SECRET_KEY", "APP_SECRET"] {
            assert!(super::is_signing_key(name), "{name}");
        }
        for name in
            ["AWS_SECRET_ACCESS_KEY", "STRIPE_SECRET_KEY", "GITHUB_CLIENT_SECRET", "DB_PASSWORD"]
        {
            assert!(!super::is_signing_key(name), "{name}");
        }
    }
}
