//! The ports that stores and brokers listen on where nobody says otherwise.

/// Ports by what listens there or by the scheme of its address, as each registers or
/// documents it. A driver behind a plus, `mysql+pymysql`, is none of it.
const USUAL: [(&[&str], u16); 13] = [
    (&["postgres", "postgresql", "postgis"], 5432),
    (&["mysql", "mariadb"], 3306),
    (&["redis", "rediss", "valkey", "valkeys"], 6379),
    (&["sentinel"], 26379),
    (&["amqp", "rabbitmq", "pyamqp"], 5672),
    (&["amqps"], 5671),
    (&["mongodb", "mongo"], 27017),
    (&["mssql"], 1433),
    (&["oracle"], 1521),
    (&["memcached", "memcache"], 11211),
    (&["kafka"], 9092),
    (&["http"], 80),
    // Amazon's and Google's are asked by HTTPS.
    (&["https", "sqs", "gs", "s3"], 443),
];
/// The usual port of a kind of store or of a scheme.
#[must_use]
pub fn usual(kind: &str) -> Option<u16> {
    let kind = kind.split('+').next().unwrap_or(kind);
    USUAL.iter().find(|(names, _)| names.contains(&kind)).map(|(_, port)| *port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_does_not_change_the_port_and_tls_may() {
        assert_eq!(usual("mysql+pymysql"), Some(3306));
        assert_eq!((usual("amqp"), usual("amqps")), (Some(5672), Some(5671)));
        assert_eq!(usual("ftp"), None);
    }
}
