//! `keys`: rings are made, listed, printed, checked and rotated.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};

use sealed_session::{
    Finding, Key, KeyId, KeyRing, KeyRingFile, KeyRingUpdateError, RingKey, Rotation,
    RotationError, UnixTime,
};
use serde_json::{Value, json};

use crate::args::{Check, Generate, List, OneLine, Rotate};
use crate::findings;
use crate::input::{RingAt, now, unreadable};
use crate::output::{Answer, Failure};
use crate::owner;
use crate::timeline::{self, Does, Row};

const DAY: u64 = 24 * 60 * 60;

pub(crate) fn generate(given: &Generate) -> Result<Answer, Failure> {
    let now = now(given.at.at)?;
    let from = UnixTime::from_secs(now.as_secs().saturating_sub(DAY));
    let key = Key::generate().map_err(Failure::not_done)?;
    let ring = KeyRing::new([RingKey::new(key).with_seal_from(from)]).map_err(Failure::not_done)?;
    let Some(path) = &given.out else {
        return Ok(Answer::of(ring.expose_secrets().as_str()));
    };
    if path.as_os_str() == "-" {
        let next = "leave out --out to have the ring printed, or name a file";
        return Err(Failure::usage("- is not a file's name", next));
    }
    let owner = given.owner.as_deref().map(owner::numbers).transpose()?;
    let file = KeyRingFile::new(path);
    #[cfg(unix)]
    let file = match owner {
        Some((user, group)) => file.owned_by(user, group),
        None => file,
    };
    // Elsewhere to ask for one is an error.
    let _ = owner;
    file.create(&ring).map_err(|error| {
        Failure::not_done(error).then("name a new file in a folder that may be written to")
    })?;
    let made = format!("made {}", path.display());
    Ok(Answer::of("").with_notes([made]).after_change())
}

/// What a key does at a moment.
fn state(ring: &KeyRing, key: &RingKey, now: UnixTime) -> &'static str {
    let seals = ring
        .sealing_key(now)
        .is_some_and(|sealing| std::ptr::eq(sealing, key));
    if seals {
        "seals"
    } else if key.open_until().is_some_and(|until| until <= now) {
        "closed"
    } else if key.seal_from() > Some(now) {
        "planned"
    } else {
        "opens"
    }
}

pub(crate) fn list(given: &List) -> Result<Answer, Failure> {
    let ring = given.ring.load()?;
    let now = now(given.at.at)?;
    let audience = given.audience.get()?;
    let id = |key: &RingKey| key.key().id(audience).to_string();
    let mut keys: Vec<&RingKey> = ring.keys().iter().collect();
    keys.sort_by_key(|key| key.seal_from());
    if given.json.json {
        let time = |time: Option<UnixTime>| time.map(|time| time.to_string());
        let keys: Vec<Value> = keys
            .iter()
            .map(|key| {
                json!({
                    "key": id(key),
                    "state": state(&ring, key, now),
                    "seal_from": time(key.seal_from()),
                    "open_until": time(key.open_until()),
                })
            })
            .collect();
        return Ok(Answer::json(&json!({ "keys": keys })));
    }
    let rows = rows(&ring, &keys, audience, now);
    if given.svg {
        return Ok(Answer::of(timeline::svg(&rows, now)));
    }
    let mut text = format!(
        "{:8}  {:7}  {:20}  {}\n",
        "KEY", "STATE", "SEALS FROM", "OPENS UNTIL"
    );
    for key in keys {
        let time = |time: Option<UnixTime>, never: &str| {
            time.map_or_else(|| never.to_owned(), |time| time.to_string())
        };
        let _ = writeln!(
            text,
            "{}  {:7}  {:20}  {}",
            id(key),
            state(&ring, key, now),
            time(key.seal_from(), "always"),
            time(key.open_until(), "for ever"),
        );
    }
    if given.timeline || stdout().is_terminal() {
        text.push_str(&timeline::text(&rows, now));
    }
    Ok(Answer::of(text))
}

/// What each key does when: it seals until the next begins, and opens until it closes.
fn rows(ring: &KeyRing, keys: &[&RingKey], audience: &str, now: UnixTime) -> Vec<Row> {
    let ends = keys.iter().skip(1).map(|next| next.seal_from());
    let ends = ends.chain([None]);
    keys.iter()
        .zip(ends)
        .map(|(key, end)| {
            let (from, until) = (key.seal_from(), key.open_until());
            let sealing_end = match (end, until) {
                (Some(end), Some(until)) => Some(end.min(until)),
                (end, until) => end.or(until),
            };
            let mut stretches = Vec::new();
            if until.is_none() || from < until {
                stretches.push((from, sealing_end, Does::Seals));
            }
            if let Some(end) = sealing_end
                && until.is_none_or(|until| end < until)
            {
                stretches.push((Some(end), until, Does::Opens));
            }
            Row {
                id: key.key().id(audience).to_string(),
                state: state(ring, key, now),
                stretches,
            }
        })
        .collect()
}

pub(crate) fn one_line(given: &OneLine) -> Result<Answer, Failure> {
    let ring = given.ring.load()?;
    let mut line = ring.expose_secrets_in_one_line();
    // There is room for it.
    line.push('\n');
    Ok(Answer::of(line.as_str()))
}

pub(crate) fn check(given: &Check) -> Result<Answer, Failure> {
    let deployed = given.deployed.as_ref();
    if given.ring.is_stdin() && deployed.is_some_and(RingAt::is_stdin) {
        return Err(Failure::usage(
            "both rings are to come from standard input",
            "give one of them as FILE or env:NAME",
        ));
    }
    let new = given.ring.load()?;
    let deployed = deployed.map(RingAt::load).transpose()?;
    let now = now(given.at.at)?;
    let mut policy = given.policy.rotation()?;
    for leaked in &given.leaked {
        let rings = [Some(&new), deployed.as_ref()];
        let audience = given.policy.audience.get()?;
        policy = policy.leaked(named(&rings, audience, leaked)?);
    }
    let report = policy.check(&new, deployed.as_ref(), now);
    let safe = report.is_safe();
    if given.json.json {
        return Ok(Answer::json(&findings::to_json(&report)).unless(!safe));
    }
    let mut text = findings::lines(&report);
    if deployed.is_some_and(|deployed| same(&new, &deployed)) {
        text.push_str("both rings are the same\n");
    }
    let mut warnings = report.warnings().iter();
    let is_followed = !warnings.any(|finding| matches!(finding, Finding::NotFollowed { .. }));
    let life = humantime::format_duration(given.policy.timeouts.longest()?.life);
    text.push_str(&match (safe, given.leaked.is_empty()) {
        (true, _) if !is_followed => {
            "safe to deploy only where no process follows a file, or all are restarted\n".to_owned()
        }
        (true, true) => format!(
            "safe to deploy: no session is lost, if none lasts longer than {life} without a renewal\n"
        ),
        (true, false) => "safe to deploy: nothing is lost but what the warnings say\n".to_owned(),
        (false, _) => "not safe to deploy: sessions would be lost\n".to_owned(),
    });
    Ok(Answer::of(text).unless(!safe))
}

fn same(a: &KeyRing, b: &KeyRing) -> bool {
    let entries = |ring: &KeyRing| {
        let mut entries: Vec<_> = ring
            .keys()
            .iter()
            .map(|key| (key.seal_from(), key.open_until(), key.key().expose_secret()))
            .collect();
        entries.sort_by_key(|(from, ..)| *from);
        entries
    };
    entries(a) == entries(b)
}

/// The key that is printed as `name`.
fn named(rings: &[Option<&KeyRing>], audience: &str, name: &str) -> Result<KeyId, Failure> {
    let keys = rings.iter().flatten().flat_map(|ring| ring.keys());
    let mut ids = keys.map(|key| key.key().id(audience));
    ids.find(|id| id.to_string().eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            Failure::input(format!(
                "no key of the ring has the id \"{name}\" for this audience"
            ))
            .then("`keys list` prints the ids; is the audience the servers' one?")
        })
}

pub(crate) fn rotate(given: &Rotate) -> Result<Answer, Failure> {
    let now = now(given.at.at)?;
    let plan = |ring: &KeyRing| -> Result<Rotation, Failure> {
        let policy = given.policy.rotation()?;
        let policy = policy.deploy_within(given.deploy_within);
        match &given.leaked {
            None => policy.rotate(ring, now, Key::generate),
            Some(leaked) => {
                let leaked = named(&[Some(ring)], given.policy.audience.get()?, leaked)?;
                policy.replace_leaked(ring, leaked, now, Key::generate)
            }
        }
        .map_err(|error| unplanned(&error))
    };
    if !given.in_place {
        let ring = given.ring.load()?;
        let rotation = plan(&ring)?;
        let answer = Answer::of(rotation.ring().expose_secrets().as_str());
        return Ok(answer.with_notes(told(&rotation, given, now)));
    }
    let RingAt::File(path) = &given.ring else {
        return Err(Failure::usage(
            &format!("{} cannot be changed in place", given.ring),
            "give the ring as FILE, or leave out --in-place to have it printed",
        ));
    };
    let mut rotated = None;
    let updated = KeyRingFile::new(path).update(|ring| {
        let rotation = plan(ring)?;
        let changed = rotation.is_change().then(|| rotation.ring().clone());
        rotated = Some(rotation);
        Ok(changed)
    });
    match updated {
        Ok(_) => {}
        Err(KeyRingUpdateError::Change(failure)) => return Err(failure),
        Err(KeyRingUpdateError::Load(error)) => return Err(unreadable(&error)),
        Err(error) => {
            return Err(Failure::not_done(error.to_string()).then(
                "see to the file and its folder, then run it again; do not deploy before it succeeds",
            ));
        }
    }
    let Some(rotation) = rotated else {
        return Err(Failure::not_done("the ring was not looked at"));
    };
    let answer = if given.json {
        Answer::json(&in_json(&rotation))
    } else {
        Answer::of(told(&rotation, given, now).join("\n") + "\n")
    };
    Ok(if rotation.is_change() {
        answer.after_change()
    } else {
        answer
    })
}

fn unplanned(error: &RotationError) -> Failure {
    match error {
        RotationError::Unsafe(_) => Failure::input(error).then(
            "correct the ring by hand, and `keys check` it against the deployed one; if no key of it \
             seals any more, it is a first deploy again: `keys generate`",
        ),
        RotationError::Ring(_) => {
            Failure::input(error).then("run it again: the new key was not usable, by chance")
        }
        RotationError::TooLate => {
            Failure::usage(&error.to_string(), "give shorter durations, or an earlier --at")
        }
        _ => Failure::not_done(error).then("nothing was changed; run it again"),
    }
}

/// What is new about the ring, a line each.
fn told(rotation: &Rotation, given: &Rotate, now: UnixTime) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(added) = rotation.added() {
        let latest = rotation.ring().keys().last();
        let from = latest.and_then(RingKey::seal_from);
        let from = from.map_or_else(String::new, |from| format!(", seals from {from}"));
        lines.push(format!("added key {added}{from}"));
    }
    for removed in rotation.removed() {
        lines.push(format!("removed key {removed}"));
    }
    let warnings = findings::after_leak(rotation.report());
    lines.extend(warnings.lines().map(str::to_owned));
    let by = now.as_secs().saturating_add(given.deploy_within.as_secs());
    lines.push(
        match (rotation.is_change(), rotation.added(), &given.leaked) {
            (false, ..) => format!("nothing to do; the next rotation is due {}", rotation.due()),
            (true, _, Some(_)) => "deploy this ring at once".into(),
            (true, Some(_), None) => format!(
                "deploy this ring by {}, after `keys check`",
                UnixTime::from_secs(by)
            ),
            (true, None, None) => "deploy this ring some time, after `keys check`".into(),
        },
    );
    lines
}

fn in_json(rotation: &Rotation) -> Value {
    json!({
        "changed": rotation.is_change(),
        "added": rotation.added().map(|id| id.to_string()),
        "removed": rotation.removed().iter().map(KeyId::to_string).collect::<Vec<_>>(),
        "due": rotation.due().to_string(),
        "check": findings::to_json(rotation.report()),
    })
}
