//! A ring's schedule as a picture: a bar a key, the present time, and when another key takes over.
//! As text for a terminal, and as SVG.

use std::fmt::Write as _;

use sealed_session::UnixTime;

/// What a key does in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    Seals,
    Opens,
}

/// A key, and what it does when. A stretch without a beginning or an end goes on past the picture.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) state: &'static str,
    pub(crate) stretches: Vec<(Option<UnixTime>, Option<UnixTime>, Does)>,
}

/// Columns of the bars in a terminal.
const COLUMNS: u64 = 60;

/// The seconds that the picture shows.
struct Window {
    first: u64,
    last: u64,
}

impl Window {
    /// From the first time that is named to the last, and somewhat more on either side.
    fn around(rows: &[Row], now: UnixTime) -> Self {
        let times = rows.iter().flat_map(|row| &row.stretches);
        let times = times.flat_map(|&(from, until, _)| [from, until]);
        let times = times.flatten().chain([now]).map(UnixTime::as_secs);
        let (first, last) = times.fold((u64::MAX, 0), |(first, last), time| {
            (first.min(time), last.max(time))
        });
        // At least an hour on either side.
        let margin = last.saturating_sub(first).div_euclid(10).max(3600);
        Self {
            first: first.saturating_sub(margin),
            last: last.saturating_add(margin),
        }
    }

    /// Where a time is, of `width` units.
    fn place(&self, time: u64, width: u64) -> u64 {
        let wide = |number: u64| u128::from(number);
        let passed = time.clamp(self.first, self.last).saturating_sub(self.first);
        let whole = self.last.saturating_sub(self.first).max(1);
        let place = wide(passed)
            .saturating_mul(wide(width))
            .checked_div(wide(whole));
        place
            .and_then(|place| u64::try_from(place).ok())
            .unwrap_or(0)
    }

    fn ends(&self, from: Option<UnixTime>, until: Option<UnixTime>, width: u64) -> (u64, u64) {
        let from = from.map_or(self.first, UnixTime::as_secs);
        let until = until.map_or(self.last, UnixTime::as_secs);
        let (from, until) = (self.place(from, width), self.place(until, width));
        // A short stretch is seen, too.
        (from, until.max(from.saturating_add(1)).min(width))
    }
}

/// For a terminal. `colour` is left to what prints it, which strips it where it does not belong.
pub(crate) fn text(rows: &[Row], now: UnixTime) -> String {
    let window = Window::around(rows, now);
    let mut text = String::new();
    let here = window
        .place(now.as_secs(), COLUMNS)
        .min(COLUMNS.saturating_sub(1));
    let pad = |columns: u64| " ".repeat(usize::try_from(columns).unwrap_or(0));
    let _ = writeln!(text, "\n{}now", pad(here.saturating_add(10)));
    for row in rows {
        let _ = write!(text, "{:8}  ", row.id);
        for column in 0..COLUMNS {
            let does = row.stretches.iter().find(|&&(from, until, _)| {
                let (from, until) = window.ends(from, until, COLUMNS);
                (from..until).contains(&column)
            });
            text.push_str(match does {
                Some((.., Does::Seals)) => "\u{1b}[32m█\u{1b}[0m",
                Some((.., Does::Opens)) => "\u{1b}[36m░\u{1b}[0m",
                None if column == here => "│",
                None => " ",
            });
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    let (first, last) = (day(window.first), day(window.last));
    let gap = COLUMNS.saturating_sub(20);
    let _ = writeln!(text, "          {first}{}{last}", pad(gap));
    let _ = writeln!(text, "          █ seals and opens   ░ opens only");
    text
}

fn day(second: u64) -> String {
    let time = UnixTime::from_secs(second).to_string();
    // A time that is no date is a number, and whole.
    match time.split_once('T') {
        Some((day, _)) => day.to_owned(),
        None => time,
    }
}

const WIDTH: u64 = 720;
const LEFT: u64 = 180;
const ROW: u64 = 34;
const TOP: u64 = 60;

/// A picture for a page or a ticket. Nothing in it is secret.
pub(crate) fn svg(rows: &[Row], now: UnixTime) -> String {
    let window = Window::around(rows, now);
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let bottom = TOP.saturating_add(ROW.saturating_mul(count));
    let (width, height) = (
        LEFT.saturating_add(WIDTH).saturating_add(30),
        bottom.saturating_add(70),
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <title>Keys of a ring at {now}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let x = |time: u64| LEFT.saturating_add(window.place(time, WIDTH));
    // Where another key takes over.
    let begins = rows
        .iter()
        .flat_map(|row| &row.stretches)
        .filter_map(|stretch| match stretch {
            (Some(from), _, Does::Seals) => Some(from.as_secs()),
            _ => None,
        });
    for begin in begins {
        let (x, below) = (x(begin), bottom.saturating_add(18));
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{bottom}\" stroke=\"#bbb\" \
             stroke-dasharray=\"3 3\"/><text x=\"{x}\" y=\"{below}\" text-anchor=\"middle\" \
             fill=\"#555\">{}</text>",
            day(begin)
        );
    }
    for (row, top) in rows.iter().zip((TOP..).step_by(34)) {
        let (base, bar) = (top.saturating_add(21), top.saturating_add(7));
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{base}\"><tspan font-family=\"monospace\">{}</tspan> {}</text>",
            row.id, row.state
        );
        for &(from, until, does) in &row.stretches {
            let (from, until) = window.ends(from, until, WIDTH);
            let (fill, what) = match does {
                Does::Seals => ("#1a7f37", "seals and opens"),
                Does::Opens => ("#9ccfae", "opens only"),
            };
            let (x, wide) = (LEFT.saturating_add(from), until.saturating_sub(from).max(2));
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{bar}\" width=\"{wide}\" height=\"20\" rx=\"2\" \
                 fill=\"{fill}\"><title>{} {what}</title></rect>",
                row.id
            );
        }
    }
    let (x, above, legend) = (
        x(now.as_secs()),
        TOP.saturating_sub(14),
        bottom.saturating_add(50),
    );
    let _ = write!(
        svg,
        "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\" stroke=\"#c00\" stroke-width=\"2\"/>\n\
         <text x=\"{x}\" y=\"{above}\" text-anchor=\"middle\" fill=\"#c00\">now, {now}</text>\n\
         <rect x=\"{LEFT}\" y=\"{}\" width=\"14\" height=\"14\" fill=\"#1a7f37\"/>\
         <text x=\"{}\" y=\"{legend}\">seals and opens</text>\n\
         <rect x=\"{}\" y=\"{}\" width=\"14\" height=\"14\" fill=\"#9ccfae\"/>\
         <text x=\"{}\" y=\"{legend}\">opens only</text>\n</svg>\n",
        TOP.saturating_sub(8),
        legend.saturating_sub(12),
        LEFT.saturating_add(20),
        LEFT.saturating_add(150),
        legend.saturating_sub(12),
        LEFT.saturating_add(170),
    );
    svg
}
