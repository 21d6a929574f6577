//! Every rule of a team's standard has an edit that breaks it, and one that
//! looks alike and is right. The files as they were written pass all of them.

use dockwright::lint::rules;
use serde_json::Value;

use crate::team::Team;

struct Case {
    code: &'static str,
    policy: &'static str,
    /// A file, what stands there, and what comes in its place.
    breaks: (&'static str, &'static str, &'static str),
    alike: (&'static str, &'static str, &'static str),
}

const STRICT: &str = "[locked]\ndeploy.hardening = \"strict\"\n";

const CASES: &[Case] = &[
    Case {
        code: "PO101",
        policy: STRICT,
        breaks: ("Dockerfile", "\nUSER 10001:10001", "\nUSER 10001:10001\nUSER 0"),
        alike: ("Dockerfile", "\nUSER 10001:10001", "\nUSER 0\nRUN true\nUSER 10001:10001"),
    },
    Case {
        code: "PO102",
        policy: STRICT,
        breaks: ("compose.yaml", "\n  web:\n", "\n  web:\n    cap_add: [SYS_ADMIN]\n"),
        alike: ("compose.yaml", "\n  web:\n", "\n  web:\n    # cap_add: [SYS_ADMIN]\n"),
    },
    Case {
        code: "PO103",
        policy: STRICT,
        breaks: ("compose.yaml", "\n  web:\n", "\n  web:\n    configs: [x]\n"),
        alike: ("compose.yaml", "\n  web:\n", "\n  web:\n    configs: [y]\n"),
    },
    Case {
        code: "PO104",
        policy: "[floors]\npython = \"3.12\"\n",
        breaks: ("Dockerfile", "python:3.14-slim-trixie", "python:3.9-slim-trixie"),
        alike: ("Dockerfile", "python:3.14-slim-trixie", "python:3.14.1-slim-bookworm"),
    },
    Case {
        code: "PO105",
        policy: "[locked]\nimages.registry = \"mirror.test\"\n",
        breaks: ("compose.yaml", "image: mirror.test/", "image: other.test/"),
        alike: ("compose.yaml", "image: mirror.test/", "image:   mirror.test/"),
    },
    Case {
        code: "PO106",
        policy: "[floors]\nimages.postgres = \"17\"\n",
        breaks: ("compose.yaml", "postgres:18-trixie", "postgres:16-trixie"),
        alike: ("compose.yaml", "postgres:18-trixie", "postgres:17.2-bookworm"),
    },
    Case {
        code: "PO107",
        policy: "[locked]\nnetwork.index = \"https://packages.test/simple\"\n",
        breaks: ("Dockerfile", "https://packages.test/simple", "https://elsewhere.test/simple"),
        alike: ("Dockerfile", "https://packages.test/simple", "https://packages.test/simple/"),
    },
    Case {
        code: "PO108",
        policy: "[locked]\ndeploy.bind = \"127.0.0.1\"\n",
        breaks: ("compose.yaml", "- \"127.0.0.1:", "- \"0.0.0.0:"),
        alike: ("compose.yaml", "- \"127.0.0.1:", "# \"0.0.0.0:80:80\"\n      - \"127.0.0.1:"),
    },
    Case {
        code: "PO109",
        policy: "[[rule]]\nkey = \"nginx.memory\"\nmax = \"8GiB\"\nmessage = \"no more\"\n",
        breaks: ("compose.yaml", "  limits:\n          memory: ", "  limits:\n          memory: 9"),
        alike: (
            "compose.yaml",
            "  limits:\n          memory: ",
            "  limits:\n          # memory: 9g\n          memory: ",
        ),
    },
    Case {
        code: "PO110",
        policy: "[[rule]]\nkey = \"web.workers\"\nmax = 16\nmessage = \"few\"\n",
        breaks: ("gunicorn.conf.py", "\nworkers = ", "\nworkers = 40 + "),
        alike: ("gunicorn.conf.py", "\nworkers = ", "\n# workers = 64\nworkers = "),
    },
    Case {
        code: "PO111",
        policy: "[[rule]]\nfile = \"gunicorn.conf.py\"\nforbid = '^reload\\b'\nmessage = \"no reload\"\n",
        breaks: ("gunicorn.conf.py", "\nworkers = ", "\nreload = True\nworkers = "),
        alike: ("gunicorn.conf.py", "\nworkers = ", "\n# reload = True\nworkers = "),
    },
];

fn codes(report: &Value) -> Vec<String> {
    let found = report["policy"].as_array().unwrap().iter();
    found.filter_map(|own| own["code"].as_str().map(str::to_owned)).collect()
}

#[test]
fn every_rule_of_a_standard_has_an_edit_that_breaks_it_and_one_that_does_not() {
    let tested: Vec<&str> = CASES.iter().map(|case| case.code).collect();
    let all: Vec<&str> = rules::POLICY.iter().map(|rule| rule.code).collect();
    assert_eq!(tested, all);
    let top = "configs:\n  x: {file: /etc/shadow}\n  y: {file: ./Dockerfile}\n\nservices:\n";
    for Case { code, policy, breaks, alike } in CASES {
        let team = Team::with_shop(&format!("extends = [\"django-nginx\"]\n{policy}"));
        team.edit("compose.yaml", "services:\n", top);
        let checked = |expected| team.checked(&["--policy", "./team"], expected);
        checked(0);
        for ((path, from, to), is_broken) in [(breaks, true), (alike, false)] {
            let before = team.read(path);
            team.edit(path, from, to);
            let report = checked(i32::from(is_broken));
            assert_eq!(
                codes(&report).iter().any(|own| own == code),
                is_broken,
                "{code}: {report:#}"
            );
            team.write(path, &before);
        }
    }
}
