//! What a check found, as lines and as JSON.

use std::fmt::Write as _;

use sealed_session::{CheckReport, Finding, KeyId, UnixTime};
use serde_json::{Value, json};

/// Errors with what to do, then warnings.
pub(crate) fn lines(report: &CheckReport) -> String {
    errors(report) + &warnings(report)
}

/// Errors, each with what to do.
fn errors(report: &CheckReport) -> String {
    let mut text = String::new();
    for finding in report.errors() {
        let _ = writeln!(text, "error: {}", finding.fact());
        if let Some(advice) = advice(finding, false) {
            let _ = writeln!(text, "next:  {advice}");
        }
    }
    text
}

/// What is to be told of a ring that is made because a key has leaked: nothing of it is a reason not to
/// deploy the ring.
pub(crate) fn after_leak(report: &CheckReport) -> String {
    errors(report).replace("error: ", "warning: ") + &warnings(report)
}

/// What to do, if anything. What loses sessions and is a warning is what shall happen to a key that has
/// leaked.
fn advice(finding: &Finding, is_warning: bool) -> Option<String> {
    let tidy = matches!(
        finding,
        Finding::Dead { .. }
            | Finding::NeverCloses { .. }
            | Finding::NotFollowed { .. }
            | Finding::Overdue { .. }
    );
    let advice = finding.advice().to_string();
    (!advice.is_empty() && (tidy || !is_warning)).then_some(advice)
}

/// One line a warning.
pub(crate) fn warnings(report: &CheckReport) -> String {
    let mut text = String::new();
    for finding in report.warnings() {
        let _ = match advice(finding, true) {
            Some(advice) => writeln!(text, "warning: {}; {advice}", finding.fact()),
            None => writeln!(text, "warning: {}", finding.fact()),
        };
    }
    for finding in report.inherited() {
        let _ = writeln!(text, "warning: with or without this deploy: {finding}");
    }
    text
}

pub(crate) fn to_json(report: &CheckReport) -> Value {
    let all = |findings: &[Finding], warnings| {
        let one = |finding| one(finding, warnings);
        findings.iter().map(one).collect::<Vec<_>>()
    };
    json!({
        "safe": report.is_safe(),
        "errors": all(report.errors(), false),
        "warnings": all(report.warnings(), true),
        "inherited": all(report.inherited(), false),
    })
}

fn one(finding: &Finding, is_warning: bool) -> Value {
    let id = |key: &KeyId| key.to_string();
    let time = |time: &UnixTime| time.to_string();
    let mut fields = match finding {
        Finding::Unusable(_) => json!({ "finding": "unusable" }),
        Finding::NoSealingKey { from, until } => json!({
            "finding": "no_sealing_key", "from": time(from), "until": until.as_ref().map(time),
        }),
        Finding::SealsTooSoon { key, earliest } => json!({
            "finding": "seals_too_soon", "key": id(key), "earliest": time(earliest),
        }),
        Finding::Removed {
            key,
            may_go,
            seals_from,
        } => json!({
            "finding": "removed", "key": id(key), "may_go": may_go.as_ref().map(time),
            "seals_from": seals_from.as_ref().map(time),
        }),
        Finding::Rescheduled {
            from,
            to,
            deployed,
            new,
        } => json!({
            "finding": "rescheduled", "from": time(from), "to": time(to),
            "deployed": deployed.as_ref().map(id), "new": new.as_ref().map(id),
        }),
        Finding::ClosesTooSoon {
            key,
            open_until,
            needed,
        } => json!({
            "finding": "closes_too_soon", "key": id(key), "open_until": time(open_until),
            "needed": time(needed),
        }),
        Finding::Dead { key, since } => json!({
            "finding": "dead", "key": id(key), "since": time(since),
        }),
        Finding::NeverCloses { key, needed } => json!({
            "finding": "never_closes", "key": id(key), "needed": time(needed),
        }),
        Finding::NotFollowed { key } => json!({ "finding": "not_followed", "key": id(key) }),
        Finding::Overdue { key, since } => json!({
            "finding": "overdue", "key": id(key), "since": time(since),
        }),
        _ => json!({ "finding": "other" }),
    };
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("fact".into(), finding.fact().to_string().into());
        fields.insert("advice".into(), advice(finding, is_warning).into());
    }
    fields
}
