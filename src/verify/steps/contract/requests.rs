//! `[[verify.request]]`.

use super::{log, shown};
use crate::verify::asked::Asked;
use crate::verify::case::Request;
use crate::verify::client::{Answer, Door};
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const ID: &str = "contract.requests";

/// Sends each, and judges each by itself.
pub async fn all(run: &mut Run<'_>, door: &Door) -> Outcome {
    if run.case.requests.is_empty() {
        let why = "dockwright.toml has no [[verify.request]]: method, path, body and what the answer has to be";
        run.record(Finding::skipped(ID, why));
    }
    for request in &run.case.requests {
        let asked = Asked::from(request);
        let limit = request.expected.within.unwrap_or_else(|| run.seconds("verify.answer"));
        // What takes a little too long is still measured.
        let patience = limit.max(run.seconds("verify.answer"));
        let name = asked.call.to_string();
        let finding = match door.ask(&asked.call, patience).await {
            Err(failure) => Finding::failed(ID, failure.to_string()),
            Ok(answer) => {
                let took = answer.took.as_secs_f64() * 1000.0;
                let mut wrong = differences(request, &answer);
                if answer.took > limit {
                    wrong.push(format!(
                        "took {}, not {}",
                        Unit::Milliseconds.show(took),
                        Unit::Milliseconds.show(limit.as_secs_f64() * 1000.0)
                    ));
                }
                let finding = match wrong.is_empty() {
                    true => Finding::passed(
                        ID,
                        format!("{} after {}", answer.status, Unit::Milliseconds.show(took)),
                    ),
                    false => Finding::failed(
                        ID,
                        format!("{}; the body: {}", wrong.join("; "), shown(&answer.text())),
                    ),
                };
                finding.measured("answer", took, Unit::Milliseconds)
            }
        };
        let finding = match finding.is_failed() {
            true => finding.log(log(run).await?),
            false => finding,
        };
        run.record(finding.of(name));
    }
    Ok(())
}

/// What an answer is that it should not be.
fn differences(request: &Request, answer: &Answer) -> Vec<String> {
    let expected = &request.expected;
    let mut wrong = Vec::new();
    match expected.status {
        Some(status) if status != answer.status => {
            wrong.push(format!("answered with {}, not {status}", answer.status));
        }
        None if answer.status >= 400 => wrong.push(format!("answered with {}", answer.status)),
        _ => {}
    }
    if expected.json.is_empty() {
        return wrong;
    }
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(&answer.body) else {
        wrong.push("the body is no JSON".into());
        return wrong;
    };
    for (pointer, value) in &expected.json {
        match body.pointer(pointer) {
            Some(own) if own == value => {}
            Some(own) => wrong.push(format!("{pointer} is {own}, not {value}")),
            None => wrong.push(format!("there is no {pointer}, which should be {value}")),
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::verify::case::Expected;

    #[test]
    fn every_difference_is_said() {
        let request = |status, name: &str| Request {
            method: "GET".into(),
            path: "/".into(),
            headers: std::collections::BTreeMap::new(),
            body: None,
            expected: Expected {
                status,
                json: [("/name".to_owned(), json!(name))].into(),
                within: None,
            },
        };
        let body = r#"{"name": "a"}"#.into();
        let answer =
            Answer { status: 200, headers: Vec::new(), body, took: Duration::from_millis(1) };
        assert!(differences(&request(None, "a"), &answer).is_empty());
        let wrong = differences(&request(Some(201), "b"), &answer);
        assert_eq!(wrong, ["answered with 200, not 201", "/name is \"a\", not \"b\""]);
    }
}
