//! How much memory a stack takes, watched while something else goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::container::Container;
use crate::support::docker::docker;

const MIB: f64 = 1024.0 * 1024.0;

/// The most that was seen, in MiB.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Per service: what cannot be reclaimed at once, as `docker stats` counts it.
    pub working_set: BTreeMap<String, f64>,
    /// Per service and kind of process: the largest resident set, and how many there were.
    pub resident: BTreeMap<(String, String), (f64, usize)>,
}

/// Watches until it is asked.
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<Usage>,
}

impl Watch {
    pub fn start(containers: Vec<Container>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let running: Vec<Container> =
                containers.into_iter().filter(Container::is_running).collect();
            let mut usage = Usage::default();
            while !asked.load(Ordering::Relaxed) {
                usage.sample(&running);
            }
            usage
        });
        Self { stop, thread }
    }

    pub fn finish(self) -> Usage {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the engine answers")
    }
}

impl Usage {
    fn sample(&mut self, containers: &[Container]) {
        let ids: Vec<&str> = containers.iter().map(|container| container.id.as_str()).collect();
        let format = ["stats", "--no-stream", "--no-trunc", "--format", "{{.ID}} {{.MemUsage}}"];
        for line in docker(&[&format[..], &ids].concat()).lines() {
            let mut words = line.split_whitespace();
            let (id, used) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            if let Some(container) = containers.iter().find(|container| container.id == id) {
                let most = self.working_set.entry(container.service.clone()).or_default();
                *most = most.max(mebibytes(used));
            }
        }
        for container in containers {
            let mut counts: BTreeMap<String, (f64, usize)> = BTreeMap::new();
            for (kind, resident) in processes(&container.id) {
                let count = counts.entry(kind).or_default();
                *count = (count.0.max(resident), count.1 + 1);
            }
            for (kind, (resident, count)) in counts {
                let most = self.resident.entry((container.service.clone(), kind)).or_default();
                *most = (most.0.max(resident), most.1.max(count));
            }
        }
    }
}

/// `98.93MiB` in MiB.
fn mebibytes(text: &str) -> f64 {
    let digits = text.trim_end_matches(|letter: char| letter.is_alphabetic());
    let number: f64 = digits.parse().unwrap_or_else(|_| panic!("{text} is no amount of memory"));
    match &text[digits.len()..] {
        "GiB" => number * 1024.0,
        "MiB" => number,
        "KiB" => number / 1024.0,
        "B" => number / MIB,
        unit => panic!("{unit} is no unit of memory"),
    }
}

/// Kind and resident set in MiB of each process. A kind is a program's name, with `child` where
/// its parent is the same program, and `spawned` where Python's multiprocessing started it.
fn processes(id: &str) -> Vec<(String, f64)> {
    let text = docker(&["top", id, "-eo", "pid,ppid,rss,args"]);
    let rows: Vec<(&str, &str, f64, String)> = text
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (pid, parent) = (words.next()?, words.next()?);
            let resident: f64 = words.next()?.parse().ok()?;
            Some((pid, parent, resident / 1024.0, program(&words.collect::<Vec<_>>())))
        })
        .collect();
    rows.iter()
        .filter(|(_, _, _, program)| program != "docker-init")
        .map(|(_, parent, resident, program)| {
            let of = rows.iter().find(|(pid, ..)| pid == parent).map(|(_, _, _, program)| program);
            let kind =
                if of == Some(program) { format!("{program} child") } else { program.clone() };
            (kind, *resident)
        })
        .collect()
}

fn program(words: &[&str]) -> String {
    let name = |word: &str| {
        let word = word.rsplit('/').next().unwrap_or_default();
        word.trim_end_matches(':').to_owned()
    };
    if words.iter().any(|word| word.contains("resource_tracker")) {
        return "resource tracker".to_owned();
    }
    if words.iter().any(|word| word.contains("spawn_main")) {
        return "spawned".to_owned();
    }
    let script = words.first().is_some_and(|word| name(word).starts_with("python"));
    name(words.get(usize::from(script)).copied().unwrap_or_default())
}

/// Prints the kernel's own account of the most a container ever held, page cache included.
pub const READ_HIGH_WATER: &str = "cat /sys/fs/cgroup/memory.peak 2>/dev/null \
                                   || cat /sys/fs/cgroup/memory/memory.max_usage_in_bytes";

/// That account of a running container, in MiB.
pub fn high_water(container: &Container) -> f64 {
    parse_high_water(&docker(&["exec", &container.id, "sh", "-c", READ_HIGH_WATER]))
}

/// What it prints, in MiB.
pub fn parse_high_water(text: &str) -> f64 {
    text.trim().parse::<f64>().unwrap_or_else(|_| panic!("{text} is no number")) / MIB
}

/// Memory of a container that no file backs, in MiB: what it can never give back.
pub fn anonymous(container: &Container) -> f64 {
    let read =
        "cat /sys/fs/cgroup/memory.stat 2>/dev/null || cat /sys/fs/cgroup/memory/memory.stat";
    let text = docker(&["exec", &container.id, "sh", "-c", read]);
    let line =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    // The second version of cgroups calls it anon.
    let bytes = line("anon").or_else(|| line("total_rss")).expect("memory.stat has it");
    bytes.parse::<f64>().expect("a number of bytes") / MIB
}
