//! Task queues other than Celery.

use crate::detect::fact::{Evidence, Fact};
use crate::detect::services::Evidences;
use crate::detect::services::tables::{Queue, TABLES};

/// The queues that production code or a command uses; one that is only
/// installed says nothing.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Fact<Vec<String>> {
    let mut names = Vec::new();
    let mut lines = Vec::new();
    for queue in &TABLES.queue {
        let used = imported(evidences, queue)
            .or_else(|| installed_app(evidences, queue))
            .or_else(|| commanded(evidences, queue));
        if let Some(line) = used {
            names.push(queue.name.clone());
            lines.push(line);
        }
    }
    if names.is_empty() { Fact::Unknown } else { Fact::Known(names, lines) }
}

fn imported(evidences: &Evidences<'_, '_>, queue: &Queue) -> Option<Evidence> {
    evidences.project.modules.iter().find_map(|module| {
        let imports = evidences.project.graph.imports(module);
        let found = imports.iter().find_map(|(_, import)| {
            let first = import.module.split('.').next().unwrap_or_default();
            let own = import.level == 0 && queue.modules.iter().any(|it| it == first);
            let local = own && evidences.project.graph.locate(&module.path, 0, first).is_some();
            (own && !local).then(|| first.to_owned())
        })?;
        let line = evidences
            .context
            .tree
            .find_line(&module.path, |line| line.contains("import") && line.contains(&found));
        Some(line.unwrap_or_else(|| Evidence::file(&module.path)))
    })
}

fn installed_app(evidences: &Evidences<'_, '_>, queue: &Queue) -> Option<Evidence> {
    let binding = evidences.live().find(|binding| {
        binding.in_settings
            && binding.first().ends_with("APPS")
            && binding.value.parts().iter().any(|part| {
                part.text().is_some_and(|text| {
                    queue.modules.iter().any(|it| text.split('.').next() == Some(it.as_str()))
                })
            })
    })?;
    Some(binding.evidence.clone())
}

fn commanded(evidences: &Evidences<'_, '_>, queue: &Queue) -> Option<Evidence> {
    let dependencies = evidences.context.dependencies;
    let installed = queue.packages.iter().any(|package| dependencies.installs(package));
    let command = evidences.context.commands.iter().find(|command| {
        installed && queue.programs.iter().any(|program| program == command.program())
    })?;
    Some(command.evidence.clone())
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::{Repository, value};

    #[test]
    fn each_queue_is_told_with_its_broker() {
        for (line, name, broker) in [
            ("import django_rq", "rq", Some("redis")),
            ("from arq.connections import RedisSettings", "arq", Some("redis")),
            (
                "from dramatiq.brokers.rabbitmq import RabbitmqBroker\nb = RabbitmqBroker(url='x')",
                "dramatiq",
                Some("rabbitmq"),
            ),
            ("from huey import RedisHuey\nh = RedisHuey('x')", "huey", Some("redis")),
            ("from huey import SqliteHuey\nh = SqliteHuey('x')", "huey", None),
            (
                "from taskiq_redis import ListQueueBroker\nb = ListQueueBroker('x')",
                "taskiq",
                Some("redis"),
            ),
            ("import procrastinate", "procrastinate", None),
        ] {
            let main = format!("from fastapi import FastAPI\n{line}\napp = FastAPI()\n");
            let found = Repository::fastapi(&main, &[]).find();
            assert_eq!(found.queues.value().map(|it| it.join(" ")).as_deref(), Some(name));
            assert_eq!(value(&found.broker), broker, "{name}");
            assert!(!found.celery.is_known());
        }
    }

    #[test]
    fn django_q_takes_its_broker_from_its_cluster() {
        let settings = "INSTALLED_APPS = ['django_q']\nQ_CLUSTER = {'redis': {'host': 'r'}}\n";
        let found = Repository::django(settings, &[]).find();
        assert_eq!(found.queues.value(), Some(&vec!["django-q".to_owned()]));
        assert_eq!(value(&found.broker), Some("redis"));
        let orm = "INSTALLED_APPS = ['django_q']\nQ_CLUSTER = {'orm': 'default'}\n";
        assert!(!Repository::django(orm, &[]).find().broker.is_known());
    }

    #[test]
    fn a_module_of_the_repository_named_like_a_queue_is_none() {
        let main = "from fastapi import FastAPI\nfrom rq.client import ask\napp = FastAPI()\n";
        let found = Repository::fastapi(
            main,
            &[("rq/__init__.py", ""), ("rq/client.py", "def ask(): ...")],
        )
        .find();
        assert!(!found.queues.is_known());
    }

    #[test]
    fn a_queue_that_is_only_installed_is_not_used() {
        let found = Repository::fastapi("from fastapi import FastAPI\napp = FastAPI()\n", &[])
            .installs(&["rq", "arq"])
            .find();
        assert!(!found.queues.is_known());
    }
}
