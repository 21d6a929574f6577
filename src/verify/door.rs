//! How clients of this stack come in: the `Host` that it answers to, and what a
//! proxy in front of it would say.

use std::time::Duration;

use super::client::Door;
use super::run::Run;
use super::trouble::Outcome;

/// Longest wait while ways are tried.
const TRY: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// The way in; `None` where nothing that serves HTTP is published. It is tried
    /// once, on a stack that runs: a stack behind somebody else's TLS answers plain
    /// HTTP only to who says that it came by HTTPS.
    ///
    /// # Errors
    /// When the stack does not come up.
    pub async fn door(&mut self) -> Outcome<Option<Door>> {
        if let Some(door) = &self.door {
            return Ok(Some(door.clone()));
        }
        let Some((_, address, port)) = self.edge() else { return Ok(None) };
        let plain = Door::new(&address, port);
        let secure = |door: &Door| {
            let headers = vec![("X-Forwarded-Proto".to_owned(), "https".to_owned())];
            Door { headers, ..door.clone() }
        };
        let mut doors = vec![plain.clone(), secure(&plain)];
        if let Some(domain) = &self.case.domain {
            let named = Door { host: domain.clone(), ..plain.clone() };
            doors.extend([named.clone(), secure(&named)]);
        }
        let path = self.case.live.clone().unwrap_or_else(|| "/".into());
        let mut found = None;
        for door in doors {
            match door.get(&path, TRY).await {
                Ok(answer) if !is_refused(answer.status) => {
                    found = Some(door);
                    break;
                }
                _ => {}
            }
        }
        let door = found.unwrap_or(plain);
        self.door = Some(door.clone());
        Ok(Some(door))
    }
}

/// A redirection to HTTPS, or a host that is not served.
const fn is_refused(status: u16) -> bool {
    matches!(status, 301 | 302 | 307 | 308 | 400 | 421)
}
