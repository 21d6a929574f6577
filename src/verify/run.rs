//! A run: what every step asks, and where it writes its results.

use std::time::{Duration, Instant};

use super::Options;
use super::case::{Case, Edge};
use super::check::Step;
use super::client::{Door, Failure};
use super::engine::{Container, Engine};
use super::events::Events;
use super::limits::Limit;
use super::record::{Finding, Observer, Proposal, StepRecord};
use super::stack::Stack;
use super::trouble::Outcome;

/// Why a check has no result after a failure.
pub const LEFT: &str = "what failed before it left nothing to judge";

/// How long a port that may speak something else is asked for HTTP.
const DEAF: Duration = Duration::from_secs(15);

/// Everything that a step works with.
pub struct Run<'a> {
    /// What is known before anything runs.
    pub case: &'a Case,
    /// The project of this run.
    pub stack: Stack,
    /// The engine.
    pub engine: Engine,
    /// What the engine reports.
    pub events: Events,
    /// What was asked for.
    pub options: &'a Options,
    /// Who is told.
    pub observer: &'a dyn Observer,
    /// How clients come in, once that was found out.
    pub(super) door: Option<Door>,
    /// Whether nothing that is published speaks HTTP.
    is_deaf: bool,
    /// The way in that answers, once one did.
    edge: Option<&'a Edge>,
    /// Whether the images of this run are there.
    pub is_built: bool,
    records: Vec<StepRecord>,
    proposals: Vec<Proposal>,
    step: Option<(Step, Instant)>,
    findings: Vec<Finding>,
}

impl<'a> Run<'a> {
    /// A run in which nothing has happened yet.
    #[must_use]
    pub fn new(
        case: &'a Case,
        stack: Stack,
        engine: Engine,
        events: Events,
        options: &'a Options,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            case,
            stack,
            engine,
            events,
            options,
            observer,
            door: None,
            is_deaf: false,
            edge: None,
            is_built: false,
            records: Vec::new(),
            proposals: Vec::new(),
            step: None,
            findings: Vec::new(),
        }
    }

    /// Whether only what takes moments is looked at.
    #[must_use]
    pub const fn is_quick(&self) -> bool {
        self.options.quick
    }

    /// Says what is being done.
    pub fn doing(&self, what: impl AsRef<str>) {
        self.observer.doing(what.as_ref());
    }

    /// Keeps a result.
    pub fn record(&mut self, mut finding: Finding) {
        finding.at = self.step.map(|(_, begun)| begun.elapsed()).unwrap_or_default();
        self.observer.found(&finding);
        self.findings.push(finding);
    }

    /// Keeps a value that the measurements speak for.
    pub fn propose(&mut self, proposal: Proposal) {
        self.proposals.push(proposal);
    }

    /// A threshold, for a result.
    #[must_use]
    pub fn limit(&self, key: &str) -> Limit {
        self.case.limits.limit(key)
    }

    /// A time that is a threshold.
    #[must_use]
    pub fn seconds(&self, key: &str) -> Duration {
        self.case.limits.seconds(key)
    }

    pub(super) fn begin(&mut self, step: Step) {
        self.step = Some((step, Instant::now()));
        self.observer.begins(step);
    }

    /// Closes a step: a check that gave nothing is one that nobody has judged, which
    /// is said.
    pub(super) fn end(&mut self, step: Step, is_cut: bool) {
        let failed = self.findings.iter().any(Finding::is_failed);
        for check in step.checks() {
            if self.findings.iter().any(|own| own.check == check) {
                continue;
            }
            let why = match (self.options.quick && !check.quick, failed) {
                (true, _) => "--quick leaves it out",
                _ if is_cut => "the run ended before",
                (false, true) => LEFT,
                (false, false) => "not judged",
            };
            self.record(Finding::skipped(check.id, why));
        }
        let mut findings = std::mem::take(&mut self.findings);
        let place = |own: &Finding| step.checks().position(|check| check == own.check);
        findings.sort_by_key(place);
        let took = self.step.take().map(|(_, begun)| begun.elapsed()).unwrap_or_default();
        let record = StepRecord { step, took, findings };
        self.observer.ends(&record);
        self.records.push(record);
    }

    /// Says that a step was given up.
    pub(super) fn too_long(&mut self, step: Step, why: &str) {
        let judged = |id: &str| self.findings.iter().any(|own| own.check.id == id);
        if let Some(check) = step.checks().find(|check| !judged(check.id)) {
            let limit = self.limit("verify.step-limit");
            self.record(Finding::failed(check.id, why).by(limit));
        }
    }

    /// Says of every check of a step why it is not looked at.
    pub(super) fn leave_out(&mut self, step: Step, why: &str) {
        let quick = self.options.quick;
        for check in step.checks().filter(|check| check.quick || !quick) {
            self.record(Finding::skipped(check.id, why));
        }
    }

    pub(super) fn records(&self) -> &[StepRecord] {
        &self.records
    }

    pub(super) fn take_records(&mut self) -> Vec<StepRecord> {
        std::mem::take(&mut self.records)
    }

    pub(super) fn take_proposals(&mut self) -> Vec<Proposal> {
        std::mem::take(&mut self.proposals)
    }

    /// The services that run to their end.
    #[must_use]
    pub fn one_shots(&self) -> Vec<String> {
        self.case.of(|own| own.one_shot).map(|own| own.name.clone()).collect()
    }

    /// Builds the images, where no step has; results are the build step's alone.
    ///
    /// # Errors
    /// A build that fails, as a result of `build.warm`, of `build.cold` where it takes too long, or of the first check of the
    /// step that goes on.
    pub async fn build(&mut self) -> Outcome {
        if self.is_built {
            return Ok(());
        }
        self.doing("building");
        let limit = self.seconds("verify.build-cold");
        let output = self.stack.compose(&["build"], limit).await?;
        if !output.is_ok() {
            let (id, said) = match output.code {
                None => {
                    let said = format!("the images were not built within {} s", limit.as_secs());
                    ("build.cold", said)
                }
                Some(code) => ("build.warm", format!("`docker compose build` ended with {code}")),
            };
            let (check, is_blocked) = self.own(id);
            let finding = Finding::failed(check, said).log(output.tail(20));
            return Err(finding.blocked(is_blocked).into());
        }
        self.is_built = true;
        Ok(())
    }

    /// Sees to it that the stack runs and is healthy.
    ///
    /// # Errors
    /// When it is not, as a result of `start.healthy`, or of the first check of the
    /// step that goes on.
    pub async fn up(&mut self) -> Outcome {
        self.build().await?;
        self.doing("waiting for health");
        let limit = self.seconds("verify.healthy");
        let one_shots = self.one_shots();
        match self.stack.up(&one_shots, limit).await? {
            Ok(()) => self.answers(limit).await,
            Err(not_up) => {
                let (check, is_blocked) = self.own("start.healthy");
                let finding = not_up.finding(check).by(self.limit("verify.healthy"));
                Err(finding.blocked(is_blocked).into())
            }
        }
    }

    /// Waits until somebody answers at the edge: a service without a health check may
    /// run long before it serves. Of several ports the one that answers is the way in.
    async fn answers(&mut self, limit: Duration) -> Outcome {
        const BETWEEN: Duration = Duration::from_millis(200);
        let Some(first) = self.case.edges.first() else { return Ok(()) };
        if self.is_deaf {
            return Ok(());
        }
        // What is no server that is known may speak something else than HTTP.
        let may_be_deaf = self.case.service(&first.service).is_some_and(|own| !own.serves());
        let limit = if may_be_deaf { limit.min(DEAF) } else { limit };
        let path = self.case.live.as_deref().unwrap_or("/");
        let begun = tokio::time::Instant::now();
        let mut last = String::new();
        let mut is_other = false;
        while begun.elapsed() < limit {
            for edge in &self.case.edges {
                let Some((address, port)) = self.address(edge) else { continue };
                match Door::new(&address, port).get(path, Duration::from_secs(10)).await {
                    Ok(_) => {
                        self.edge = Some(edge);
                        return Ok(());
                    }
                    Err(failure) => {
                        is_other |= matches!(failure, Failure::NotHttp(_));
                        last = failure.to_string();
                    }
                }
            }
            if is_other {
                break;
            }
            if let Some(lost) = self.stack.lost(&self.one_shots(), begun.elapsed()).await? {
                let (check, is_blocked) = self.own("start.healthy");
                return Err(lost.finding(check).blocked(is_blocked).into());
            }
            tokio::time::sleep(BETWEEN).await;
        }
        if may_be_deaf || is_other {
            self.is_deaf = true;
            self.observer.note(&format!(
                "{} answers no HTTP: what clients would ask is not judged",
                first.service
            ));
            return Ok(());
        }
        let (check, is_blocked) = self.own("start.healthy");
        let ports: Vec<String> =
            self.case.edges.iter().map(|edge| edge.target.to_string()).collect();
        let said = format!(
            "nothing answers HTTP in {} s on port {} of the container: {last}",
            limit.as_secs(),
            ports.join(", ")
        );
        let log = match self.container(&first.service).await? {
            Some(container) => self.engine.logs(&container.id, 20).await?,
            None => Vec::new(),
        };
        let finding =
            Finding::failed(check, said).of(&first.service).by(self.limit("verify.healthy"));
        Err(finding.log(log).blocked(is_blocked).into())
    }

    /// The check that a stack which is not there is a result of: its own one in its
    /// own step, else the first one of the step that goes on, which is then not judged.
    fn own(&self, id: &'static str) -> (&'static str, bool) {
        let Some((step, _)) = self.step else { return (id, false) };
        match step.checks().any(|check| check.id == id) {
            true => (id, false),
            false => (step.checks().next().map_or(id, |check| check.id), true),
        }
    }

    /// The containers of the stack.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn containers(&self) -> Outcome<Vec<Container>> {
        self.stack.containers().await
    }

    /// The first container of a service, running or not.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn container(&self, service: &str) -> Outcome<Option<Container>> {
        Ok(self.containers().await?.into_iter().find(|own| own.service == service))
    }

    /// The way in, with the address that it has in this run: host and port.
    #[must_use]
    pub fn edge(&self) -> Option<(&'a Edge, String, u16)> {
        let edge = self.edge.or_else(|| self.case.edges.first()).filter(|_| !self.is_deaf)?;
        let (host, port) = self.address(edge)?;
        Some((edge, host, port))
    }

    /// Where a way in is reached in this run.
    fn address(&self, edge: &Edge) -> Option<(String, u16)> {
        let ports = self.stack.model.ports(&edge.service);
        let port = ports.into_iter().find(|port| port.target == edge.target)?;
        Some((self.engine.host.clone(), port.port))
    }

    /// The same as a URL.
    #[must_use]
    pub fn edge_url(&self) -> Option<String> {
        self.edge().map(|(_, host, port)| format!("http://{host}:{port}/"))
    }
}
