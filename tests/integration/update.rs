//! `dockwright update` in one repository that follows a preset in a directory.

use std::fs;

use crate::team::Team;

const SMALL: &str = "extends = [\"fastapi-gunicorn\"]\n[defaults]\ntune.web.memory = \"1792MiB\"\n";
const LARGE: &str = "extends = [\"fastapi-gunicorn\"]\n[defaults]\ntune.web.memory = \"3680MiB\"\n";

#[test]
fn where_nothing_is_new_nothing_is_written() {
    let team = Team::with_shop(SMALL);
    let before = team.tree();
    assert!(team.update(&[], 0).contains("Up to date"));
    assert_eq!(team.tree(), before);
}

#[test]
fn a_new_default_reaches_a_repository_that_took_the_old_one() {
    let team = Team::with_shop(SMALL);
    assert!(!team.read("dockwright.toml").contains("memory"), "answers do not freeze a default");
    team.release("2.0.0", LARGE);
    let report = team.update(&[], 0);
    assert!(report.contains("acme 1.0.0 → 2.0.0"), "{report}");
    assert!(team.read("compose.yaml").contains("memory: 3680M"));
    assert!(team.update(&[], 0).contains("Up to date"));
}

#[test]
fn edits_beside_what_changed_stay() {
    let team = Team::with_shop(SMALL);
    team.edit("compose.yaml", "networks:\n  edge: {}", "networks:\n  edge:\n    mtu_note: mine");
    team.edit("Dockerfile", "USER 10001", "# ours\nUSER 10001");
    let edited = team.read("Dockerfile");
    team.release("2.0.0", LARGE);
    let report = team.update(&[], 0);
    assert!(report.contains("compose.yaml     merged"), "{report}");
    let compose = team.read("compose.yaml");
    assert!(compose.contains("memory: 3680M") && compose.contains("mtu_note: mine"), "{compose}");
    assert_eq!(team.read("Dockerfile"), edited);
    assert!(team.update(&[], 0).contains("Up to date"));
}

#[test]
fn a_conflict_writes_nothing_and_says_where() {
    let team = Team::with_shop(SMALL);
    team.edit("compose.yaml", "memory: 1792M", "memory: 999M");
    team.release("2.0.0", LARGE);
    let before = team.tree();
    let report = team.update(&[], 1);
    assert_eq!(team.tree(), before);
    for part in ["compose.yaml:", "memory: 999M", "memory: 3680M", "--keep PATH"] {
        assert!(report.contains(part), "{part} is not in:\n{report}");
    }
}

#[test]
fn markers_stay_open_until_they_are_resolved() {
    let team = Team::with_shop(SMALL);
    team.edit("compose.yaml", "memory: 1792M", "memory: 999M");
    team.release("2.0.0", LARGE);
    team.update(&["--conflict", "markers"], 1);
    let marked = team.read("compose.yaml");
    assert!(marked.contains("<<<<<<< on disk") && marked.contains("||||||| as it was"), "{marked}");
    // What did merge was written, and the version is the new one.
    assert!(team.read("DEPLOY.md").contains("3680 MiB"));
    assert!(team.read(".dockwright/lock.toml").contains("state = \"markers\""));

    let before = team.tree();
    let report = team.update(&[], 1);
    assert!(report.contains("conflict markers"), "never up to date over markers: {report}");
    assert_eq!(team.tree(), before);

    let resolved: Vec<&str> = marked.lines().filter(|line| !is_marker(line)).collect();
    let resolved: Vec<&str> =
        resolved.into_iter().filter(|l| !l.contains("1792M") && !l.contains("3680M")).collect();
    team.write("compose.yaml", &format!("{}\n", resolved.join("\n")));
    team.update(&[], 0);
    assert!(team.read("compose.yaml").contains("memory: 999M"));
    assert!(!team.read(".dockwright/lock.toml").contains("conflict"));
}

fn is_marker(line: &str) -> bool {
    ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|marker| line.starts_with(marker))
}

#[test]
fn one_side_can_be_named_for_a_file() {
    let team = Team::with_shop(SMALL);
    team.edit("compose.yaml", "memory: 1792M", "memory: 999M");
    team.release("2.0.0", LARGE);
    team.update(&["--keep", "compose.yaml"], 0);
    assert!(team.read("compose.yaml").contains("memory: 999M"));
    assert!(team.update(&[], 0).contains("Up to date"), "it has healed");

    team.release("3.0.0", &LARGE.replace("3680", "3000"));
    team.update(&["--take", "compose.yaml"], 0);
    assert!(!team.read("compose.yaml").contains("memory: 999M"));
}

#[test]
fn what_was_deleted_stays_so_until_it_is_asked_for() {
    let team = Team::with_shop(SMALL);
    fs::remove_file(team.shop().join("compose.dev.yaml")).unwrap();
    fs::remove_file(team.shop().join("DEPLOY.md")).unwrap();
    team.release("2.0.0", LARGE);
    team.update(&[], 0);
    assert!(!team.shop().join("DEPLOY.md").exists());
    let report = team.update(&["--restore", "DEPLOY.mb"], 2);
    assert!(report.contains("did you mean `DEPLOY.md`?"), "{report}");
    team.update(&["--restore", "DEPLOY.md"], 0);
    assert!(team.read("DEPLOY.md").contains("3680 MiB"));
    assert!(!team.shop().join("compose.dev.yaml").exists());
}

#[test]
fn a_managed_file_is_only_replaced_by_force() {
    let team = Team::with_shop(SMALL);
    let text = team.read("dockwright.toml");
    team.write("dockwright.toml", &format!("{text}\n[files]\n\"compose.yaml\" = \"managed\"\n"));
    team.update(&[], 0);
    team.edit("compose.yaml", "networks:", "# mine\nnetworks:");
    team.release("2.0.0", LARGE);
    assert!(team.update(&[], 1).contains("--force"));
    assert!(team.read("compose.yaml").contains("# mine"));
    team.update(&["--force"], 0);
    let compose = team.read("compose.yaml");
    assert!(!compose.contains("# mine") && compose.contains("3680M"));
}

#[test]
fn line_ends_and_a_missing_final_newline_stay() {
    let team = Team::with_shop(SMALL);
    let crlf = team.read("compose.yaml").replace('\n', "\r\n");
    let crlf = crlf.replacen("services:\r\n", "services: # mine\r\n", 1);
    team.write("compose.yaml", crlf.trim_end());
    team.release("2.0.0", LARGE);
    team.update(&[], 0);
    let compose = team.read("compose.yaml");
    assert!(compose.contains("memory: 3680M\r\n") && compose.contains("# mine\r\n"));
    assert_eq!(compose.matches('\n').count(), compose.matches("\r\n").count());
    assert!(!compose.ends_with('\n'));
}

#[cfg(unix)]
#[test]
fn the_executable_bit_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let team = Team::with_shop(SMALL);
    let path = team.shop().join("compose.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    team.release("2.0.0", LARGE);
    team.update(&[], 0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn a_database_keeps_its_major_version_until_it_is_asked_for() {
    let body = |image: &str| {
        format!(
            "extends = [\"django-nginx\"]\n[defaults]\nimages.postgres = \"postgres:{image}\"\n"
        )
    };
    let team = Team::with_shop(&body("17.2-trixie"));
    team.release("2.0.0", &body("18.1-trixie"));
    let report = team.update(&[], 0);
    assert!(team.read("compose.yaml").contains("postgres:17.2-trixie"));
    assert!(report.contains("postgres:18.1-trixie is offered"), "{report}");
    // Within a major version it follows.
    team.release("3.0.0", &body("17.4-trixie"));
    team.update(&[], 0);
    assert!(team.read("compose.yaml").contains("postgres:17.4-trixie"));
    let report = team.update(&["--set", "images.postgres=postgres:18.1-trixie"], 0);
    assert!(team.read("compose.yaml").contains("postgres:18.1-trixie"));
    assert!(report.contains("pg_dumpall"), "{report}");
    assert!(team.read("dockwright.toml").contains("postgres = \"postgres:18.1-trixie\""));
}

#[test]
fn python_stays_until_it_is_asked_for_or_locked() {
    let body = |table: &str, version: &str| {
        format!("extends = [\"fastapi-uvicorn\"]\n[{table}]\nproject.python = \"{version}\"\n")
    };
    let team = Team::with_shop(&body("defaults", "3.12"));
    team.release("2.0.0", &body("defaults", "3.13"));
    let report = team.update(&[], 0);
    assert!(report.contains("project.python stays 3.12; 3.13 is offered"), "{report}");
    assert!(team.read("Dockerfile").contains("python:3.12"));
    team.release("3.0.0", &body("locked", "3.13"));
    team.update(&[], 0);
    assert!(team.read("Dockerfile").contains("python:3.13"));
}

#[test]
fn a_lock_that_the_repository_breaks_names_both_places() {
    let team = Team::with_shop(SMALL);
    let text = team.read("dockwright.toml");
    team.write("dockwright.toml", &format!("{text}\n[deploy]\nhardening = \"safe\"\n"));
    team.update(&[], 0);
    team.release("2.0.0", &format!("{SMALL}[locked]\ndeploy.hardening = \"strict\"\n"));
    let before = team.tree();
    let report = team.update(&[], 2);
    assert!(report.contains("dockwright.toml:") && report.contains("preset.toml:7"), "{report}");
    assert_eq!(team.tree(), before);
}

#[test]
fn a_rule_warns_until_its_day_and_is_an_error_afterwards() {
    let rule = |until: &str| {
        format!(
            "{SMALL}[[rule]]\nkey = \"web.memory\"\nmax = \"1GiB\"\nmessage = \"too large\"\nwarn-until = \"{until}\"\n"
        )
    };
    let team = Team::with_shop(SMALL);
    team.release("2.0.0", &rule("2999-12-31"));
    let report = team.update(&[], 0);
    assert!(report.contains("too large") && report.contains("2999-12-31"), "{report}");
    team.release("2.1.0", &rule("2020-01-01"));
    assert!(team.update(&[], 2).contains("too large"));
}

#[test]
fn a_declared_migration_rewrites_the_answers_and_keeps_comments() {
    let team = Team::with_shop(SMALL);
    let text = team.read("dockwright.toml");
    team.write("dockwright.toml", &format!("{text}\n[tune.web]\nworkers = 3 # measured\n"));
    team.update(&[], 0);
    team.release(
        "2.0.0",
        &format!("{SMALL}[[migration]]\nbefore = \"2.0.0\"\nremove = \"tune.web.workers\"\n"),
    );
    let report = team.update(&[], 0);
    assert!(report.contains("tune.web.workers is no more"), "{report}");
    assert!(!team.read("dockwright.toml").contains("workers"));
    assert!(team.update(&[], 0).contains("Up to date"));
}

#[test]
fn a_file_that_is_no_output_any_more_goes_unless_it_was_edited() {
    let body = |proxy: &str| {
        format!("extends = [\"fastapi-gunicorn\"]\n[defaults]\nstack.proxy = \"{proxy}\"\n")
    };
    let team = Team::with_shop(&body("nginx"));
    team.edit("nginx/nginx.conf", "http {", "http { # mine");
    team.release("2.0.0", &body("none"));
    let before = team.tree();
    let report = team.update(&[], 1);
    assert!(report.contains("no output any more, and you edited it"), "{report}");
    assert_eq!(team.tree(), before);
    team.update(&["--keep", "nginx/nginx.conf"], 0);
    assert!(team.read("nginx/nginx.conf").contains("# mine"));
    assert!(team.update(&[], 0).contains("Up to date"));
    let kept = fs::read_dir(team.shop().join(".dockwright/preset")).unwrap().count();
    assert_eq!(kept, 1, "no empty directory of the old version is left");
}

#[test]
fn a_dry_run_shows_diffs_and_writes_nothing() {
    let team = Team::with_shop(SMALL);
    team.release("2.0.0", LARGE);
    let before = team.tree();
    let report = team.update(&["--dry-run"], 0);
    assert!(report.contains("-          memory: 1792M\n+          memory: 3680M"), "{report}");
    assert_eq!(team.tree(), before);
}

#[test]
fn a_file_of_the_users_own_is_never_written_over() {
    let team = Team::with_shop("extends = [\"fastapi-gunicorn\"]\n");
    fs::create_dir(team.shop().join("nginx")).unwrap();
    team.write("nginx/nginx.conf", "# mine, from before\n");
    team.release(
        "2.0.0",
        "extends = [\"fastapi-gunicorn\"]\n[defaults]\nstack.proxy = \"nginx\"\n",
    );
    let report = team.update(&[], 0);
    assert!(report.contains("--take nginx/nginx.conf"), "{report}");
    assert_eq!(team.read("nginx/nginx.conf"), "# mine, from before\n");
    team.update(&["--take", "nginx/nginx.conf"], 0);
    assert!(team.read("nginx/nginx.conf").contains("http {"));
}

#[test]
fn a_preset_that_is_gone_is_taken_from_what_the_repository_keeps() {
    let team = Team::with_shop(SMALL);
    fs::remove_dir_all(team.top.path().join("team")).unwrap();
    assert!(team.update(&[], 0).contains("Up to date"));
    team.update(&["--set", "tune.web.memory=3680MiB"], 0);
    assert!(team.read("compose.yaml").contains("3680M"));
    assert!(team.read("dockwright.toml").contains("memory = \"3680MiB\""));
    // What it keeps is checked before it is used.
    let hash = team.read(".dockwright/lock.toml");
    let hash = hash.lines().find_map(|line| line.strip_prefix("hash = \"")).unwrap();
    let kept = format!(".dockwright/preset/{}/preset.toml", hash.trim_end_matches('"'));
    team.edit(&kept, "1792MiB", "3000MiB");
    let report = team.update(&[], 2);
    assert!(report.contains("preset.toml is not what the lock pins"), "{report}");
}

#[test]
fn programs_get_every_file_and_its_hunks() {
    let team = Team::with_shop(SMALL);
    team.edit("compose.yaml", "memory: 1792M", "memory: 999M");
    team.release("2.0.0", LARGE);
    let output = team.run(&["update", "shop", "--format", "json"], 1);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let repository = &report["repositories"][0];
    assert_eq!(repository["result"], "conflict");
    assert_eq!(repository["written"], false);
    assert_eq!(repository["preset"]["to"][1]["version"], "2.0.0");
    let files = repository["files"].as_array().unwrap();
    let compose = files.iter().find(|file| file["path"] == "compose.yaml").unwrap();
    assert_eq!(compose["hunks"][0]["disk"], "          memory: 999M\n");
}

#[test]
fn of_many_repositories_each_is_done_whatever_the_others_do() {
    let team = Team::with_shop(SMALL);
    for name in ["cart", "mail"] {
        team.run(&["new", name, "--preset", "./team", "--yes"], 0);
    }
    fs::write(team.top.path().join("cart/dockwright.toml"), "preset = \n").unwrap();
    team.release("2.0.0", LARGE);
    let output = team.run(&["update", "cart", "shop", "nowhere", "mail"], 2);
    let report = crate::team::said(&output);
    for row in
        ["cart        failed", "shop        updated", "nowhere     failed", "mail        updated"]
    {
        assert!(report.contains(row), "{report}");
    }
    assert!(
        fs::read_to_string(team.top.path().join("mail/compose.yaml")).unwrap().contains("3680M")
    );
}

#[test]
fn a_bots_bump_and_the_presets_never_conflict_and_the_higher_one_stays() {
    let body = |image: &str| {
        format!(
            "extends = [\"django-nginx\"]\n[defaults]\nimages.postgres = \"postgres:{image}\"\nimages.nginx = \"nginx:{image}\"\n"
        )
    };
    let team = Team::with_shop(&body("18.1-trixie"));
    team.edit("compose.yaml", "postgres:18.1-trixie", "postgres:18.5-trixie");
    let image = |team: &Team| {
        let text = team.read("Dockerfile") + &team.read("compose.yaml");
        text.lines().find(|line| line.contains("nginx:18")).unwrap().to_owned()
    };
    assert!(image(&team).contains("18.1"));
    team.release("2.0.0", &body("18.4-trixie"));
    // Who decided what is named, with both sides.
    let said = "postgres: 18.5-trixie on disk, 18.4-trixie new: 18.5-trixie holds";
    let report = team.update(&["--dry-run"], 0);
    assert!(report.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{report}");
    let impact = team.run(&["preset", "impact", "./team", "shop", "--format", "json"], 0);
    let impact = crate::team::said(&impact);
    for part in
        ["\"disk\": \"18.5-trixie\"", "\"new\": \"18.4-trixie\"", "\"taken\": \"18.5-trixie\""]
    {
        assert!(impact.contains(part), "{impact}");
    }
    let report = team.update(&["--format", "json"], 0);
    assert!(report.contains("the file's own is the higher one"), "{report}");
    assert!(team.read("compose.yaml").contains("postgres:18.5-trixie"));
    assert!(image(&team).contains("nginx:18.4-trixie"));
    team.release("3.0.0", &body("18.6-trixie"));
    team.update(&[], 0);
    assert!(team.read("compose.yaml").contains("postgres:18.6-trixie"));
}

#[test]
fn a_lock_that_names_what_lies_outside_is_refused() {
    let team = Team::with_shop(SMALL);
    let lock = team.read(".dockwright/lock.toml");
    for (from, to) in [
        ("path = \"Dockerfile\"", "path = \"../../Dockerfile\""),
        ("path = \"Dockerfile\"", "path = \"/etc/Dockerfile\""),
        ("base = \"", "base = \"../../"),
        ("hash = \"", "hash = \"../../"),
    ] {
        assert!(lock.contains(from));
        team.write(".dockwright/lock.toml", &lock.replacen(from, to, 1));
        let before = team.tree();
        let report = team.update(&[], 2);
        assert!(report.contains(".dockwright/lock.toml"), "{to}: {report}");
        assert_eq!(team.tree(), before);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_read_or_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let team = Team::with_shop(SMALL);
    let outside = team.top.path().join("outside");
    fs::write(&outside, "theirs").unwrap();
    fs::remove_file(team.shop().join("compose.yaml")).unwrap();
    symlink(&outside, team.shop().join("compose.yaml")).unwrap();
    team.release("2.0.0", LARGE);
    team.update(&[], 0);
    assert_eq!(fs::read_to_string(&outside).unwrap(), "theirs");
    assert!(fs::symlink_metadata(team.shop().join("compose.yaml")).unwrap().is_symlink());

    // A kept preset that is a link to one elsewhere is no kept preset.
    let kept = fs::read_dir(team.shop().join(".dockwright/preset")).unwrap().next().unwrap();
    let kept = kept.unwrap().path();
    fs::rename(&kept, team.top.path().join("elsewhere")).unwrap();
    symlink(team.top.path().join("elsewhere"), &kept).unwrap();
    fs::remove_dir_all(team.top.path().join("team")).unwrap();
    team.update(&[], 2);
}

#[test]
fn a_list_of_a_preset_touches_a_file_that_it_never_wrote_only_when_it_is_told_to() {
    let team = Team::with_shop("extends = [\"fastapi-uvicorn\"]\n");
    team.write("notes.txt", "mine\n");
    team.release(
        "2.0.0",
        "extends = [\"fastapi-uvicorn\"]\n[files.\"notes.txt\"]\ntemplate = \"notes.tera\"\nownership = \"append\"\n",
    );
    std::fs::create_dir_all(team.top.path().join("team/templates")).unwrap();
    std::fs::write(team.top.path().join("team/templates/notes.tera"), "theirs\n").unwrap();
    let said = team.update(&[], 0);
    assert!(said.contains("notes.txt") && said.contains("--take notes.txt"), "{said}");
    assert_eq!(team.read("notes.txt"), "mine\n");
    team.update(&["--take", "notes.txt"], 0);
    assert!(team.read("notes.txt").contains("theirs"));
}
