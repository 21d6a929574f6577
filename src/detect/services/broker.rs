//! Cache and broker.

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Celery;
use crate::detect::python::Value;
use crate::detect::services::Evidences;
use crate::detect::services::binding::Binding;
use crate::detect::services::tables::TABLES;

/// What can carry tasks.
const BROKERS: [&str; 4] = ["redis", "valkey", "rabbitmq", "sqs"];
/// What can cache.
const CACHES: [&str; 3] = ["redis", "valkey", "memcached"];

/// Cache and broker.
pub(super) fn find(
    evidences: &Evidences<'_, '_>,
    celery: &Fact<Celery>,
    queues: &Fact<Vec<String>>,
) -> (Fact<String>, Fact<String>) {
    let broker = if celery.is_known() { celery_broker(evidences) } else { Fact::Unknown };
    let broker = if broker.is_known() { broker } else { queue_broker(evidences, queues) };
    let cache = cache(evidences, &broker, queues.is_known() || celery.is_known());
    (as_deployed(evidences, cache), as_deployed(evidences, broker))
}

/// What speaks Redis's protocol is Valkey where only Valkey is there.
fn as_deployed(evidences: &Evidences<'_, '_>, fact: Fact<String>) -> Fact<String> {
    let beside = |service: &'static str| evidences.containers.strongest(move |it| it == service);
    match fact {
        Fact::Known(service, mut lines) if service == "redis" && beside("redis").is_empty() => {
            match beside("valkey").first() {
                Some(valkey) => {
                    lines.push(valkey.evidence.clone());
                    Fact::Known("valkey".into(), lines)
                }
                None => Fact::Known(service, lines),
            }
        }
        fact => fact,
    }
}

/// Celery's broker: what its settings say, then what runs beside it.
fn celery_broker(evidences: &Evidences<'_, '_>) -> Fact<String> {
    let bindings: Vec<&Binding> = evidences.live().filter(|it| is_broker(it)).collect();
    for binding in &bindings {
        if let Some(service) = told(evidences, &binding.value, &BROKERS) {
            return Fact::known(service.to_owned(), binding.evidence.clone());
        }
    }
    // The broker is the database, a directory, or memory.
    let elsewhere = bindings.iter().any(|binding| {
        binding.value.reads().is_empty()
            && binding
                .value
                .beginnings()
                .iter()
                .any(|text| text.contains(':') && service(text).is_none())
    });
    if elsewhere {
        return Fact::Unknown;
    }
    if let Some(beside) = evidences.containers.strongest(|it| it == "rabbitmq").first() {
        return Fact::known("rabbitmq".into(), beside.evidence.clone());
    }
    if let Some(found) = mentioned(evidences, "rabbitmq") {
        return Fact::known("rabbitmq".into(), found);
    }
    if let Some(beside) =
        evidences.containers.strongest(|it| matches!(it, "redis" | "valkey")).first()
    {
        return Fact::known(beside.service.to_owned(), beside.evidence.clone());
    }
    let dependencies = evidences.context.dependencies;
    let extras = dependencies
        .get("celery")
        .into_iter()
        .flat_map(|it| it.extras.iter().map(move |extra| (it, extra)));
    for (requirement, extra) in extras {
        if BROKERS.contains(&extra.as_str()) {
            return Fact::known(extra.clone(), requirement.evidence.clone());
        }
    }
    match dependencies.get("redis") {
        Some(requirement) => Fact::known("redis".into(), requirement.evidence.clone()),
        None => Fact::Unknown,
    }
}

/// A variable of an env file that speaks of a service.
fn mentioned(evidences: &Evidences<'_, '_>, service: &str) -> Option<Evidence> {
    let settings = &evidences.containers.settings;
    let found = settings.iter().find(|it| TABLES.service_of_variable(&it.name) == Some(service))?;
    Some(found.evidence.clone())
}

fn is_broker(binding: &Binding) -> bool {
    let last = binding.last().to_ascii_lowercase();
    let named = matches!(
        last.as_str(),
        "broker_url"
            | "celery_broker_url"
            | "celery_broker"
            | "broker_write_url"
            | "broker_read_url"
    );
    let argument = last == "broker" && binding.called().to_ascii_lowercase().contains("celery");
    let transport = last == "broker_transport" || last == "celery_broker_transport";
    named || argument || transport
}

/// The service a value speaks of: by its address, by the value an env file
/// gives its variable, then by the variable's name.
fn told(evidences: &Evidences<'_, '_>, value: &Value, among: &[&str]) -> Option<&'static str> {
    let known = |found: Option<&'static str>| found.filter(|it| among.contains(it));
    let addressed = value.beginnings().iter().find_map(|text| known(service(text)));
    addressed
        .or_else(|| {
            value.reads().iter().find_map(|read| {
                let settings = evidences.containers.settings.iter();
                let mut given = settings.filter(|it| it.name == read.name);
                given.find_map(|it| known(service(&it.value)))
            })
        })
        .or_else(|| {
            value.reads().iter().find_map(|read| known(TABLES.service_of_variable(&read.name)))
        })
}

/// The service of an address.
fn service(text: &str) -> Option<&'static str> {
    TABLES.service_of_url(text)
}

/// The broker of another queue: the only one it has, or the one whose class
/// the code uses.
fn queue_broker(evidences: &Evidences<'_, '_>, queues: &Fact<Vec<String>>) -> Fact<String> {
    let Some(names) = queues.value() else { return Fact::Unknown };
    for (name, line) in names.iter().zip(queues.evidence()) {
        let Some(queue) = TABLES.queue.iter().find(|queue| queue.name == *name) else { continue };
        if !queue.broker.is_empty() {
            return Fact::known(queue.broker.clone(), line.clone());
        }
    }
    const CLASSES: [(&str, &str); 15] = [
        ("RedisBroker", "redis"),
        ("RabbitmqBroker", "rabbitmq"),
        ("SQSBroker", "sqs"),
        ("RedisHuey", "redis"),
        ("PriorityRedisHuey", "redis"),
        ("RedisExpireHuey", "redis"),
        ("PriorityRedisExpireHuey", "redis"),
        ("ListQueueBroker", "redis"),
        ("PubSubBroker", "redis"),
        ("RedisStreamBroker", "redis"),
        ("ListQueueSentinelBroker", "redis"),
        ("AioPikaBroker", "rabbitmq"),
        ("RedisJobStore", "redis"),
        ("redis_huey.RedisHuey", "redis"),
        ("huey.RedisHuey", "redis"),
    ];
    for binding in evidences.live() {
        let called = binding.called().rsplit('.').next().unwrap_or_default();
        let texts = binding.value.text().unwrap_or_default();
        let text = texts.rsplit('.').next().unwrap_or_default();
        let class = CLASSES.iter().find(|(class, _)| *class == called || *class == text);
        if let Some((_, service)) = class {
            return Fact::known((*service).to_owned(), binding.evidence.clone());
        }
        // Django-Q's and huey's settings.
        let configured = binding.path.first().map(String::as_str);
        if matches!(configured, Some("Q_CLUSTER")) && binding.last() == "redis" {
            return Fact::known("redis".into(), binding.evidence.clone());
        }
        if matches!(configured, Some("Q_CLUSTER")) && binding.last() == "sqs" {
            return Fact::known("sqs".into(), binding.evidence.clone());
        }
    }
    Fact::Unknown
}

/// The cache: Django's `CACHES` and `CHANNEL_LAYERS`, clients that the code
/// makes, settings of caching libraries, variables of that service.
fn cache(evidences: &Evidences<'_, '_>, broker: &Fact<String>, queued: bool) -> Fact<String> {
    for binding in evidences.live() {
        if let Some(service) = configured(evidences, binding) {
            return Fact::known(service.to_owned(), binding.evidence.clone());
        }
    }
    // What a queue uses is its broker; a plain client beside it may be the
    // queue's own connection.
    let same = |service: &str| queued && broker.value().is_some_and(|it| it == service);
    for binding in evidences.live() {
        if let Some(service) = client(binding)
            && !same(service)
        {
            return Fact::known(service.to_owned(), binding.evidence.clone());
        }
    }
    for binding in evidences.live() {
        if is_broker(binding) || binding.last().to_ascii_lowercase().contains("result") {
            continue;
        }
        let addressed = binding.value.beginnings().iter().find_map(|text| {
            service(text).filter(|it| CACHES.contains(it) && text.contains("://"))
        });
        let named = binding.value.reads().iter().find_map(|read| {
            TABLES.service_of_variable(&read.name).filter(|it| CACHES.contains(it))
        });
        if let Some(service) = addressed.or(named)
            && !same(service)
        {
            return Fact::known(service.to_owned(), binding.evidence.clone());
        }
    }
    let beside = evidences.containers.strongest(|it| CACHES.contains(&it));
    match beside.iter().find(|it| !same(it.service) && it.weight >= 30) {
        Some(found) if !broker.is_known() => {
            Fact::known(found.service.to_owned(), found.evidence.clone())
        }
        _ => Fact::Unknown,
    }
}

/// The service that a setting of a cache names.
fn configured(evidences: &Evidences<'_, '_>, binding: &Binding) -> Option<&'static str> {
    let caches = binding.passes("CACHES") || binding.passes("CHANNEL_LAYERS");
    let typed = matches!(
        binding.last(),
        "CACHE_TYPE"
            | "CACHE_REDIS_URL"
            | "CACHE_REDIS_HOST"
            | "SESSION_TYPE"
            | "RATELIMIT_STORAGE_URI"
            | "RATELIMIT_STORAGE_URL"
            | "storage_uri"
            | "CACHE_URL"
    );
    if !caches && !typed {
        return None;
    }
    if binding.passes("CACHES") && binding.path.len() == 2 && binding.value.read().is_some() {
        return told(evidences, &binding.value, &CACHES);
    }
    for text in binding.value.beginnings() {
        let lower = text.to_ascii_lowercase();
        for (word, service) in [
            ("valkey", "valkey"),
            ("redis", "redis"),
            ("memcached", "memcached"),
            ("pymemcache", "memcached"),
            ("pylibmc", "memcached"),
        ] {
            if lower.contains(word) {
                return Some(service);
            }
        }
    }
    if typed || binding.last() == "LOCATION" {
        return told(evidences, &binding.value, &CACHES);
    }
    None
}

/// The service that a client made here talks to.
fn client(binding: &Binding) -> Option<&'static str> {
    let called = binding.called();
    let first = called.split('.').next().unwrap_or_default();
    let last = called.rsplit('.').next().unwrap_or_default();
    match first {
        "redis" | "aioredis" | "redis_om" | "coredis" | "rediscluster" | "aredis" | "walrus" => {
            Some("redis")
        }
        "flask_redis" | "flask_redis_sentinel" => Some("redis"),
        "valkey" | "glide" => Some("valkey"),
        "pymemcache" | "pylibmc" | "memcache" | "aiomcache" => Some("memcached"),
        "fastapi_cache" | "aiocache" | "cashews" | "fastapi_limiter" | "broadcaster"
        | "socketio" => last.to_ascii_lowercase().contains("redis").then_some("redis"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::{Repository, value};

    const WORKER: &str = "import os\nfrom celery import Celery\n";

    #[test]
    fn rabbitmq_carries_tasks_whose_results_go_to_redis() {
        let worker = format!(
            "{WORKER}app = Celery('x', broker=os.getenv('BROKER', 'amqp://guest@mq//'), backend='redis://r:6379/1')\n"
        );
        let found = Repository::fastapi(
            "from worker import app as c\nfrom fastapi import FastAPI\napp = FastAPI()\n",
            &[("worker.py", &worker)],
        )
        .installs(&["celery[redis]", "redis"])
        .find();
        assert_eq!(value(&found.broker), Some("rabbitmq"));
    }

    #[test]
    fn celery_configured_by_attributes_updates_and_settings_of_django() {
        for worker in [
            "app = Celery('x')\napp.conf.broker_url = os.environ.get('Q', 'redis://localhost')\n",
            "app = Celery('x')\napp.conf.update(broker_url='redis://localhost')\n",
            "app = Celery('x')\napp.conf.update({'broker_url': 'redis://localhost'})\n",
            "URL = f\"redis://{os.getenv('H')}:6379\"\napp = Celery('x', broker=URL)\n",
        ] {
            let found = Repository::new(&[("worker.py", &format!("{WORKER}{worker}"))]).find();
            assert_eq!(value(&found.broker), Some("redis"), "{worker}");
        }
        let found = Repository::django("CELERY_BROKER_URL = 'sqs://'\n", &[("config/celery.py", "from celery import Celery\napp = Celery('config')\napp.config_from_object('django.conf:settings', namespace='CELERY')\n")]).find();
        assert_eq!(value(&found.broker), Some("sqs"));
    }

    #[test]
    fn an_address_without_a_default_is_told_by_env_files_names_and_containers() {
        let worker = format!("{WORKER}app = Celery('x', broker=os.environ['CELERY_BROKER_URL'])\n");
        for (file, text, want) in [
            (".env.example", "CELERY_BROKER_URL=amqp://mq\n", "rabbitmq"),
            ("compose.yaml", "services:\n  q:\n    image: rabbitmq:4-management\n", "rabbitmq"),
            ("compose.yaml", "services:\n  q:\n    image: redis:7\n", "redis"),
            ("compose.yaml", "services:\n  q:\n    image: valkey/valkey:8\n", "valkey"),
        ] {
            let found = Repository::new(&[("worker.py", &worker), (file, text)]).find();
            assert_eq!(value(&found.broker), Some(want), "{text}");
        }
        let found = Repository::new(&[("worker.py", &worker)]).find();
        assert!(!found.broker.is_known());
    }

    #[test]
    fn channel_layers_and_caches_of_django_use_redis() {
        for settings in [
            "CHANNEL_LAYERS = {'default': {'BACKEND': 'channels_redis.core.RedisChannelLayer', 'CONFIG': {'hosts': [('h', 6379)]}}}\n",
            "CACHES = {'default': {'BACKEND': 'django_redis.cache.RedisCache', 'LOCATION': 'x'}}\n",
            "import environ\nenv = environ.Env()\nCACHES = {'default': env.cache('REDIS_URL')}\n",
        ] {
            let found = Repository::django(settings, &[]).find();
            assert_eq!(value(&found.cache), Some("redis"), "{settings}");
        }
        let found = Repository::django("CACHES = {'default': {'BACKEND': 'django.core.cache.backends.memcached.PyMemcacheCache'}}\n", &[]).find();
        assert_eq!(value(&found.cache), Some("memcached"));
        let found = Repository::django(
            "CACHES = {'default': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}\n",
            &[],
        )
        .installs(&["redis"])
        .find();
        assert!(!found.cache.is_known());
    }

    #[test]
    fn a_client_made_in_the_code_is_a_cache_and_a_package_alone_is_none() {
        let main = "from fastapi import FastAPI\nimport redis.asyncio as aredis\napp = FastAPI()\nclient = aredis.from_url('redis://cache')\n";
        let found = Repository::fastapi(main, &[]).find();
        assert_eq!(value(&found.cache), Some("redis"));
        let found = Repository::fastapi("from fastapi import FastAPI\napp = FastAPI()\n", &[])
            .installs(&["redis", "fastapi-cache2[redis]"])
            .find();
        assert!(!found.cache.is_known() && !found.broker.is_known());
    }

    #[test]
    fn rq_has_redis_as_broker_and_its_connection_is_no_cache() {
        let main = "from flask import Flask\nfrom redis import Redis\nimport rq\napp = Flask(__name__)\nqueue = rq.Queue(connection=Redis.from_url('redis://'))\n";
        let found = Repository::new(&[("main.py", main)]).starts("flask", "main:app").find();
        assert_eq!(value(&found.broker), Some("redis"));
        assert!(!found.cache.is_known());
    }
}
