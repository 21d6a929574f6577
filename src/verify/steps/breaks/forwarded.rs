//! What a client says of where it comes from.

use std::time::Duration;

use tokio::time::sleep;

use super::clients::Site;
use crate::lint::subject::Kind;
use crate::verify::client::Call;
use crate::verify::events::now;
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const CHECK: &str = "break.forwarded";
/// Addresses that nobody has: what the client made up, and what a proxy before the
/// stack adds, who it was really.
const FORGED: &str = "203.0.113.77";
const ADDED: &str = "198.51.100.7";

/// Asks with an address that is made up, as it arrives through a proxy before the
/// stack, and looks for it in what services wrote of the request.
///
/// # Errors
/// When the engine does not answer.
pub async fn run(run: &mut Run<'_>, site: &Site) -> Outcome {
    let Some(door) = &site.door else {
        run.record(Finding::skipped(CHECK, "nobody can ask the stack: it publishes no HTTP"));
        return Ok(());
    };
    run.doing("forging X-Forwarded-For");
    let since = now() as i64 - 1;
    let token = format!("dockwright-verify-{}", std::process::id());
    let call = Call::get(format!("/{token}"))
        .header("X-Forwarded-For", format!("{FORGED}, {ADDED}"))
        .header("Forwarded", format!("for={FORGED}, for={ADDED}"));
    let _ = door.ask(&call, Duration::from_secs(10)).await;
    let mut seen = Vec::new();
    for _ in 0..10 {
        sleep(Duration::from_millis(200)).await;
        seen = lines(run, since, &token).await?;
        // An access log is written after the answer.
        if seen.iter().any(|(_, line)| {
            line.chars().any(|own| own.is_ascii_digit()) && believes(line).is_some()
        }) {
            break;
        }
    }
    let believing: Vec<&(String, String)> =
        seen.iter().filter(|(_, line)| believes(line) == Some(true)).collect();
    let telling = seen.iter().filter(|(_, line)| believes(line).is_some());
    let services: Vec<&str> = telling.map(|(service, _)| service.as_str()).collect();
    let finding = if let Some((service, line)) = believing.first() {
        Finding::failed(CHECK, format!("asked with X-Forwarded-For: {FORGED}, {ADDED}, {service} took the client for {FORGED}: who asks chooses who he is"))
            .of(service.clone())
            .help("believe the header of known proxies alone, and take the last address that is none of theirs (set_real_ip_from with real_ip_recursive, FORWARDED_ALLOW_IPS)")
            .log(vec![line.clone()])
    } else if services.is_empty() {
        Finding::skipped(CHECK, "no service writes down who asked: what it believes cannot be seen")
    } else {
        let mut names = services.clone();
        names.sort_unstable();
        names.dedup();
        let names = crate::lint::subject::listed(&names);
        Finding::passed(
            CHECK,
            format!(
                "asked with X-Forwarded-For: {FORGED}, {ADDED}, the log of {names} has another client than {FORGED}"
            ),
        )
    };
    run.record(finding);
    Ok(())
}

/// What those that serve have written of the request.
async fn lines(run: &Run<'_>, since: i64, token: &str) -> Outcome<Vec<(String, String)>> {
    let mut found = Vec::new();
    for container in run.containers().await? {
        let kind = run.case.service(&container.service).map(|own| own.kind);
        if !matches!(kind, Some(Kind::Web | Kind::Own | Kind::Nginx | Kind::Proxy)) {
            continue;
        }
        let lines = run.engine.logs_since(&container.id, since).await?;
        let own = lines.into_iter().filter(|line| line.contains(token));
        found.extend(own.map(|line| (container.service.clone(), line)));
    }
    Ok(found)
}

/// Whether a line says that the client was who he said he was; `None` where it names
/// no address. The whole chain is what was sent, and no belief.
fn believes(line: &str) -> Option<bool> {
    match (line.contains(FORGED), line.contains(ADDED)) {
        (true, added) => Some(!added),
        (false, true) => Some(false),
        (false, false) => has_address(line).then_some(false),
    }
}

/// Whether it names an address of IPv4.
fn has_address(line: &str) -> bool {
    let words = line.split(|own: char| !(own.is_ascii_digit() || own == '.'));
    words.into_iter().any(|word| word.parse::<std::net::Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_no_belief_and_its_first_address_alone_is() {
        assert_eq!(believes("203.0.113.77:0 - \"GET /x HTTP/1.1\" 404"), Some(true));
        assert_eq!(believes("{\"client\":\"198.51.100.7\",\"uri\":\"/x\"}"), Some(false));
        assert_eq!(believes("203.0.113.77, 198.51.100.7 GET /x"), Some(false));
        assert_eq!(believes("172.18.0.1 - GET /x"), Some(false));
        assert_eq!(believes("Not Found: /x"), None);
    }
}
