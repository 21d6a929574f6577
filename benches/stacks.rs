//! How long planning, rendering and writing take, per built-in stack.
//!
//! `cargo bench` prints the figures. Whole-process times are another matter:
//! they include starting the program.

use std::collections::BTreeSet;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use dockwright::answers::{Draft, Origin};
use dockwright::{apply, plan, preset, render};

fn draft(preset: &preset::Preset) -> Draft {
    let mut draft = Draft::of_preset(preset).unwrap();
    draft.set("project.name", "shop", Origin::Flag).unwrap();
    draft
}

fn stacks(criterion: &mut Criterion) {
    for name in preset::NAMES {
        let preset = preset::find(name).unwrap();
        let draft = draft(&preset);
        let answers = draft.resolve().unwrap();
        let only = BTreeSet::new();
        let planned = plan::plan(&answers, &only).unwrap();
        let files = render::render(&planned, &draft).unwrap();

        criterion.bench_function(&format!("plan/{name}"), |bencher| {
            bencher.iter(|| plan::plan(black_box(&answers), &only).unwrap());
        });
        criterion.bench_function(&format!("render/{name}"), |bencher| {
            bencher.iter(|| render::render(black_box(&planned), &draft).unwrap());
        });
        criterion.bench_function(&format!("apply/{name}"), |bencher| {
            bencher.iter_batched(
                || tempfile::tempdir().unwrap(),
                |directory| {
                    let target = directory.path().join("shop");
                    apply::create::create(&target, None, &planned, &preset, &files).unwrap();
                    directory
                },
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group!(benches, stacks);
criterion_main!(benches);
