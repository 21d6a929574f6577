//! What a pipeline builds and pushes, where a release comes from, and what of that a
//! person has to know.

use crate::answers::own_project::OwnBuild;
use crate::answers::stack::{Ci, Target};
use crate::answers::{Answers, own_project::OwnProject};
use crate::error::Problem;
use crate::plan::Plan;
use crate::plan::topology::{Image, Service};
use crate::schema::Role;
use crate::source::compose::interpolate;

/// Branches that are released where git names none.
const USUAL_BRANCHES: [&str; 2] = ["main", "master"];
/// GitHub's file of the pipeline.
const WORKFLOW: &str = ".github/workflows/dockwright.yml";
/// Marks around the name of a variable in a text of ours: no file has them.
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

/// An image that is built and pushed; paths as seen from the top of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Its name, without a tag.
    pub name: String,
    /// The Dockerfile.
    pub dockerfile: String,
    /// The directory it is built from.
    pub context: String,
    /// The stage; empty for the last one.
    pub target: String,
    /// Build arguments: a name, and its value where that is known here.
    pub arguments: Vec<(String, Option<Vec<Part>>)>,
    /// Whether the build is told the network's proxies.
    pub proxies: bool,
    /// Whether the build reads the login of a package index.
    pub index_secret: bool,
    /// Whether the build asks an SSH agent.
    pub ssh: bool,
}

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// A variable without a default: the environment of whoever builds has it.
    Variable(String),
}

/// The images that the pipeline builds.
#[must_use]
pub fn images(plan: &Plan) -> Vec<Built> {
    if let Some(project) = plan.answers.own_project() {
        return of_project(&plan.answers, project);
    }
    let directory = directory(plan);
    let services = plan.topology.services.iter();
    // A cluster runs the application alone.
    let pushed = services.filter(|own| is_to_a_host(&plan.answers) || own.runs_application());
    pushed.filter_map(|service| of_service(service, directory)).collect()
}

/// The image that a cluster runs, as whoever releases by hand builds it as well; `None` where
/// nothing here says how.
#[must_use]
pub fn application(plan: &Plan) -> Option<Built> {
    images(plan).into_iter().next()
}

/// Whether what is released goes to a host by Compose: beside a cluster, that is for development.
fn is_to_a_host(answers: &Answers) -> bool {
    answers.deploy.targets == [Target::Compose]
}

/// The compose file that is released.
#[must_use]
pub fn compose_file(plan: &Plan) -> String {
    match plan.answers.own_project() {
        Some(project) => project.file.clone(),
        None => {
            let own = plan.outputs.iter().find(|own| own.usual.as_str() == "compose.yaml");
            own.map_or_else(|| "compose.yaml".to_owned(), |own| own.path.to_string())
        }
    }
}

/// Where the compose file is; `.` for the top. One that stays is where it was.
fn directory(plan: &Plan) -> &str {
    let own = plan.outputs.iter().find(|own| own.usual.as_str() == "compose.yaml");
    match (own, &plan.carry) {
        (Some(own), _) => {
            own.path.as_str().rsplit_once('/').map_or(".", |(directory, _)| directory)
        }
        (None, Some(carry)) => carry.carried.directory(),
        (None, None) => ".",
    }
}

fn of_service(service: &Service, directory: &str) -> Option<Built> {
    let Image::Own { name, build: Some(build), .. } = &service.image else { return None };
    let context = below(directory, &build.context);
    let arguments = build.arguments.iter().map(|(name, value)| {
        // As YAML has them.
        let value = (value != "null").then(|| {
            serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('"').to_owned())
        });
        (name.clone(), value.map(|value: String| parts(&value)))
    });
    Some(Built {
        name: name.clone(),
        dockerfile: below(&context, build.dockerfile.as_deref().unwrap_or("Dockerfile")),
        target: build.target.unwrap_or_default().to_owned(),
        arguments: arguments.collect(),
        proxies: build.proxies,
        index_secret: build.index_secret,
        ssh: build.ssh,
        context,
    })
}

/// The builds of a project that are pushed, each with its name: to a host all of them, by the
/// name that their service has; else the application's, by the repository's.
fn of_project(answers: &Answers, project: &OwnProject) -> Vec<Built> {
    let mut images: Vec<Built> = Vec::new();
    let web = answers.services.get(&Role::Web);
    let of_application = project.builds.iter().find(|own| Some(&own.service) == web);
    let application = of_application.or(project.builds.first());
    let pushed: Vec<(&OwnBuild, String)> = match is_to_a_host(answers) {
        true => project.builds.iter().filter_map(|own| Some((own, released_name(own)?))).collect(),
        false => {
            application.map(|own| (own, answers.repository().to_owned())).into_iter().collect()
        }
    };
    for (build, name) in pushed {
        if images.iter().any(|own| own.name == name) {
            continue;
        }
        let arguments = build.arguments.iter().map(|own| match own.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(parts(value))),
            None => (own.clone(), None),
        });
        images.push(Built {
            name,
            dockerfile: build.dockerfile.clone(),
            context: build.context.clone(),
            target: interpolate::defaults(&build.target),
            arguments: arguments.collect(),
            proxies: answers.network.has_proxy(),
            index_secret: false,
            ssh: false,
        });
    }
    images
}

/// What stands before the tag of an image that a release names by TAG.
fn released_name(build: &OwnBuild) -> Option<String> {
    let mut tags = Vec::new();
    let marked = interpolate::replace(&build.image, &mut |variable| {
        (variable.name == "TAG").then(|| {
            tags.push(());
            MARKS[0].to_string()
        })
    });
    let name = marked.strip_suffix(MARKS[0])?.strip_suffix(':')?;
    (tags.len() == 1 && !name.is_empty()).then(|| name.to_owned())
}

/// A value as Compose makes it where nobody sets its variables; those without a default stay.
fn parts(value: &str) -> Vec<Part> {
    let marked = interpolate::replace(value, &mut |variable| {
        let is_open = variable.default.is_none() && !variable.alternative;
        is_open.then(|| format!("{}{}{}", MARKS[0], variable.name, MARKS[1]))
    });
    let mut parts = Vec::new();
    let mut rest = marked.as_str();
    while let Some((text, (name, after))) = rest
        .split_once(MARKS[0])
        .and_then(|(text, after)| Some((text, after.split_once(MARKS[1])?)))
    {
        parts.push(Part::Text(text.to_owned()));
        parts.push(Part::Variable(name.to_owned()));
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    parts.retain(|part| *part != Part::Text(String::new()));
    parts
}

/// What keeps a pipeline from releasing to a host: an image that no release can name.
#[must_use]
pub fn problems(answers: &Answers) -> Vec<Problem> {
    let Some(project) = answers.own_project() else { return Vec::new() };
    if answers.deploy.ci == Ci::None || !is_to_a_host(answers) {
        return Vec::new();
    }
    let repository = answers.repository();
    let (file, ci) = (&project.file, answers.deploy.ci.word());
    let mut problems = Vec::new();
    if project.builds.is_empty() {
        problems.push(
            Problem::new(format!(
                "deploy.ci = {ci} releases what {file} builds, and it builds nothing"
            ))
            .help("let the service of the application build its image, or leave deploy.ci at none"),
        );
    }
    let web = answers.services.get(&Role::Web);
    for build in &project.builds {
        let name = match Some(&build.service) == web || project.builds.len() == 1 {
            true => repository.to_owned(),
            false => format!("{repository}-{}", build.service),
        };
        let service = &build.service;
        let why = match released_name(build) {
            None if build.image.is_empty() => {
                format!("{file} builds {service} without a name for its image")
            }
            None => format!(
                "{file} calls the image of {service} {}, without ${{TAG}} as its tag",
                build.image
            ),
            Some(own) if own == repository || own.starts_with(&format!("{repository}-")) => {
                continue;
            }
            Some(own) => {
                format!("{file} calls the image of {service} {own}, which is not {repository}")
            }
        };
        problems
            .push(Problem::new(format!("deploy.ci = {ci} releases by TAG in .env: {why}")).help(
                format!("write `image: {name}:${{TAG:-local}}` beside `build` of {service}"),
            ));
    }
    problems
}

/// The branches whose pushes are released.
#[must_use]
pub fn branches(answers: &Answers) -> Vec<String> {
    match answers.released_branch() {
        "" => USUAL_BRANCHES.map(str::to_owned).into(),
        branch => vec![branch.to_owned()],
    }
}

/// What a person should know of the pipeline.
#[must_use]
pub fn notices(plan: &Plan) -> Vec<String> {
    let answers = &plan.answers;
    let mut notices = Vec::new();
    if answers.deploy.ci == Ci::None {
        return notices;
    }
    for image in images(plan) {
        let open = image.arguments.iter().filter_map(|(name, parts)| match parts {
            None => Some(vec![name.as_str()]),
            Some(parts) => {
                let named = parts.iter().filter_map(|part| match part {
                    Part::Variable(name) => Some(name.as_str()),
                    Part::Text(_) => None,
                });
                Some(named.collect::<Vec<_>>()).filter(|named| !named.is_empty())
            }
        });
        let mut open: Vec<&str> = open.flatten().collect();
        open.dedup();
        if !open.is_empty() {
            notices.push(format!(
                "the build of {} takes {} from the environment, which the pipeline's jobs have to set: no default is known",
                image.name,
                open.join(", ")
            ));
        }
    }
    if answers.deploy.ci == Ci::Github
        && plan.outputs.iter().any(|own| own.usual.as_str() == WORKFLOW)
    {
        let file = WORKFLOW;
        notices.push(match answers.released_branch() {
            "" => format!(
                "git names no default branch here: what is pushed to {} is released, and {file} takes another name as `branches`",
                USUAL_BRANCHES.join(" or ")
            ),
            branch => format!(
                "what is pushed to {branch}, the default branch, is released: {file} names it as `branches`"
            ),
        });
    }
    notices
}

/// A path below a directory, without `./`.
#[must_use]
pub fn below(directory: &str, path: &str) -> String {
    let path = path.trim_start_matches("./");
    match (directory, path) {
        (directory, "" | ".") => directory.to_owned(),
        (".", path) => path.to_owned(),
        (directory, path) => format!("{directory}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_top_of_the_repository() {
        assert_eq!(below(".", "."), ".");
        assert_eq!(below(".", "./backend"), "backend");
        assert_eq!(below("deploy", "Dockerfile"), "deploy/Dockerfile");
        // A compose file below the top builds from a directory beside its own.
        assert_eq!(below("deploy", ".."), "deploy/..");
    }

    #[test]
    fn a_value_has_its_defaults_and_leaves_the_rest_open() {
        let text = |text: &str| Part::Text(text.to_owned());
        let variable = |name: &str| Part::Variable(name.to_owned());
        assert_eq!(parts("${UID:-1000}"), [text("1000")]);
        assert_eq!(parts("$TOKEN"), [variable("TOKEN")]);
        assert_eq!(parts("v${MAJOR:?}.${MINOR-2}$$"), [text("v"), variable("MAJOR"), text(".2$")]);
        assert_eq!(parts("${DEBUG:+yes}"), []);
    }

    #[test]
    fn an_image_is_released_by_its_tag_alone() {
        let of = |image: &str| {
            released_name(&OwnBuild { image: image.to_owned(), ..OwnBuild::default() })
        };
        assert_eq!(of("team/shop:${TAG:-local}").as_deref(), Some("team/shop"));
        assert_eq!(of("${REGISTRY:-ghcr.io}/shop:$TAG").as_deref(), Some("ghcr.io/shop"));
        for other in ["", "team/shop", "team/shop:1.0", "team/shop:${VERSION}", "shop:${TAG}-slim"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
