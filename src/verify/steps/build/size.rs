//! How large images are, layer by layer, and what they run on.

use super::Built;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Layers that are named: the largest ones.
const NAMED: usize = 4;

/// Judges the size of an image.
pub async fn judge(run: &mut Run<'_>, image: &Built) -> Outcome {
    let facts = run.engine.image(&image.name).await?;
    let size = facts["Size"].as_f64().unwrap_or_default();
    let mut layers: Vec<(f64, String)> = run
        .engine
        .api()
        .image_history(&image.name)
        .await?
        .into_iter()
        .map(|own| (own.size as f64, instruction(&own.created_by)))
        .filter(|(size, _)| *size > 0.0)
        .collect();
    layers.sort_by(|a, b| b.0.total_cmp(&a.0));
    let count = layers.len();
    let largest: Vec<String> = layers
        .into_iter()
        .take(NAMED)
        .map(|(size, by)| format!("{} {by}", Unit::Bytes.show(size)))
        .collect();
    let most = run.case.limits.bytes("verify.image-size") as f64;
    let first = largest.first().cloned().unwrap_or_default();
    let said = format!("{} in {count} layers; largest: {first}", Unit::Bytes.show(size));
    let finding = Finding::judged("build.size", size <= most, said)
        .of(&image.service)
        .measured("size", size, Unit::Bytes)
        .measured("layers", count as f64, Unit::Count)
        .by(run.limit("verify.image-size"));
    run.record(match size <= most {
        true => finding,
        false => finding
            .help("start from a slim base, build in a stage of its own, and leave caches in cache mounts")
            .log(largest),
    });
    Ok(())
}

/// An instruction as the history keeps it, for people.
fn instruction(text: &str) -> String {
    let text = text.trim_end_matches("# buildkit").trim();
    let text = match text.split_once("#(nop)") {
        Some((_, rest)) => rest.trim(),
        None => text,
    };
    let text = match text.strip_prefix("RUN /bin/sh -c").or_else(|| text.strip_prefix("/bin/sh -c"))
    {
        Some(rest) => format!("RUN {}", rest.trim()),
        None => text.to_owned(),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return "of the base, whose history does not say what made it".into();
    }
    match line.char_indices().nth(70) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Judges what images run on, against the engine.
pub async fn platform(run: &mut Run<'_>, images: &[Built]) -> Outcome {
    let version = run.engine.api().version().await?;
    let (os, arch) = (version.os.unwrap_or_default(), version.arch.unwrap_or_default());
    let here = format!("{os}/{arch}");
    for image in images {
        let facts = run.engine.image(&image.name).await?;
        let text = |name: &str| facts[name].as_str().unwrap_or_default();
        let own = format!("{}/{}", text("Os"), text("Architecture"));
        let finding = match own == here {
            true => Finding::passed("build.platform", format!("{own}, as the engine is")),
            false => Finding::failed(
                "build.platform",
                format!("{own}, and the engine is {here}: it runs by emulation, or not at all"),
            )
            .help("take `platform` out of the compose file and the Dockerfile (DF144), or build with --platform for what it is deployed to"),
        };
        run.record(finding.of(&image.service));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_shown_without_its_wrapping() {
        assert_eq!(instruction("RUN /bin/sh -c pip install  x # buildkit"), "RUN pip install x");
        assert_eq!(instruction("/bin/sh -c #(nop) ADD file:1 in / "), "ADD file:1 in /");
        assert_eq!(instruction("COPY /app /app # buildkit"), "COPY /app /app");
    }
}
