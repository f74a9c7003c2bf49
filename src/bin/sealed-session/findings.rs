//! What a check found, as lines and as JSON.

use std::fmt::Write as _;

use sealed_session::{CheckReport, Finding, KeyId, UnixTime};
use serde_json::{Value, json};

/// One line a finding, errors first.
pub(crate) fn lines(report: &CheckReport) -> String {
    let mut text = String::new();
    for finding in report.errors() {
        let _ = writeln!(text, "error: {finding}");
    }
    text.push_str(&warnings(report));
    text
}

pub(crate) fn warnings(report: &CheckReport) -> String {
    let mut text = String::new();
    for finding in report.warnings() {
        let _ = writeln!(text, "warning: {finding}");
    }
    text
}

pub(crate) fn to_json(report: &CheckReport) -> Value {
    let all = |findings: &[Finding]| findings.iter().map(one).collect::<Vec<_>>();
    json!({
        "safe": report.is_safe(),
        "errors": all(report.errors()),
        "warnings": all(report.warnings()),
    })
}

fn one(finding: &Finding) -> Value {
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
        Finding::Removed { key, may_go } => json!({
            "finding": "removed", "key": id(key), "may_go": may_go.as_ref().map(time),
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
        Finding::Overdue { key, since } => json!({
            "finding": "overdue", "key": id(key), "since": time(since),
        }),
        _ => json!({ "finding": "other" }),
    };
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("message".into(), finding.to_string().into());
    }
    fields
}
