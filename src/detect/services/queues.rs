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
        let imports = evidences.project.imports(module);
        let found = imports.iter().find_map(|(_, import)| {
            let first = import.module.split('.').next().unwrap_or_default();
            let own = import.level == 0 && queue.modules.iter().any(|it| it == first);
            let local = own && evidences.project.locate(&module.path, 0, first).is_some();
            (own && !local).then(|| first.to_owned())
        })?;
        let line = evidences.context.tree.find_line(&module.path, |line| {
            line.contains("import") && line.contains(&found)
        });
        Some(line.unwrap_or_else(|| Evidence::file(&module.path)))
    })
}

fn installed_app(evidences: &Evidences<'_, '_>, queue: &Queue) -> Option<Evidence> {
    let binding = evidences.live().find(|binding| {
        binding.in_settings
            && binding.path[0].ends_with("APPS")
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
