//! How it is drawn.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table};

use super::model::{ConsumerRow, Model, Order, StreamRow};
use crate::output::{visible, words};

/// Where colours may be used: not with `NO_COLOR`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours(pub(super) bool);

impl Colours {
    fn of(self, colour: Color) -> Style {
        if self.0 { Style::new().fg(colour) } else { Style::new() }
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, colours: Colours) {
    let (streams, consumers) = (model.streams(), model.consumers());
    let wanted = u16::try_from(streams.len() + 3).unwrap_or(u16::MAX);
    let half = frame.area().height.saturating_sub(2) / 2;
    let [top, upper, lower, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(wanted.min(half.max(4))),
        Constraint::Min(4),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(summary(model, streams.len(), &consumers), top);
    draw_streams(frame, upper, &streams);
    draw_consumers(frame, lower, &consumers, colours);
    frame.render_widget(last_line(model, colours), bottom);
}

fn summary(model: &Model, streams: usize, consumers: &[ConsumerRow]) -> Paragraph<'static> {
    let lag: u64 = consumers.iter().map(|row| row.lag).sum();
    let held = if model.is_held { "  HELD" } else { "" };
    let text = if model.has_seen() {
        format!(
            "pubsub top  {}, {}  {} stored/s  lag {lag}{held}",
            words::count(streams as u64, "stream"),
            words::count(consumers.len() as u64, "consumer"),
            rate(Some(model.rate())),
        )
    } else {
        "pubsub top  looking...".to_owned()
    };
    Paragraph::new(Span::styled(text, Style::new().add_modifier(Modifier::BOLD)))
}

fn last_line(model: &Model, colours: Colours) -> Line<'static> {
    if let Some(trouble) = &model.trouble {
        return Line::styled(visible::line(trouble).into_owned(), colours.of(Color::Red));
    }
    let order = match model.order {
        Order::Load => "load",
        Order::Name => "name",
    };
    Line::raw(format!("q quit   space hold   s sort (by {order})"))
}

fn header(names: &[&'static str]) -> Row<'static> {
    let cells = names.iter().map(|name| Cell::from(*name));
    Row::new(cells).style(Style::new().add_modifier(Modifier::UNDERLINED))
}

fn draw_streams(frame: &mut Frame<'_>, area: Rect, streams: &[StreamRow]) {
    let rows = streams.iter().map(|row| {
        Row::new([
            Cell::from(row.name.to_string()),
            right(rate(row.rate)),
            right(row.messages.to_string()),
            right(words::bytes(row.bytes)),
            right(row.consumers.to_string()),
        ])
    });
    let widths = [
        Constraint::Min(16),
        Constraint::Length(10),
        Constraint::Length(12),
        Constraint::Length(12),
        Constraint::Length(10),
    ];
    let table = Table::new(rows, widths)
        .header(header(&["STREAM", "  STORED/S", "    MESSAGES", "        SIZE", " CONSUMERS"]))
        .block(Block::bordered().title("streams"));
    frame.render_widget(table, area);
}

fn draw_consumers(frame: &mut Frame<'_>, area: Rect, consumers: &[ConsumerRow], colours: Colours) {
    let rows = consumers.iter().map(|row| {
        let style = match row.state {
            "full" => colours.of(Color::Red),
            "unread" | "paused" => colours.of(Color::Yellow),
            _ => Style::new(),
        };
        Row::new([
            Cell::from(format!("{}/{}", row.stream, row.name)),
            right(row.lag.to_string()),
            right(drift(row.drift)),
            right(rate(row.rate)),
            right(row.ack_pending.to_string()),
            right(row.redelivered.to_string()),
            Cell::from(row.state),
        ])
        .style(style)
    });
    let widths = [
        Constraint::Min(20),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(11),
        Constraint::Length(11),
        Constraint::Length(11),
        Constraint::Length(9),
    ];
    let names =
        ["CONSUMER", "       LAG", "     LAG/S", "DELIVERED/S", "ACK PENDING", "REDELIVERED", "STATE"];
    let table = Table::new(rows, widths).header(header(&names)).block(Block::bordered().title("consumers"));
    frame.render_widget(table, area);
}

fn right(text: String) -> Cell<'static> {
    Cell::from(Text::from(text).alignment(Alignment::Right))
}

/// Few digits: a rate that changes with each look is read at a glance.
fn rate(rate: Option<f64>) -> String {
    match rate {
        None => "-".to_owned(),
        Some(rate) if rate.abs() >= 10.0 || rate == 0.0 => format!("{rate:.0}"),
        Some(rate) => format!("{rate:.1}"),
    }
}

fn drift(drift: Option<f64>) -> String {
    match drift {
        Some(grows) if grows > 0.0 => format!("+{}", rate(drift)),
        _ => rate(drift),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::model::tests::model;
    use super::*;

    fn drawn(model: &Model, colours: Colours) -> (String, bool) {
        let mut terminal = Terminal::new(TestBackend::new(100, 16)).unwrap();
        terminal.draw(|frame| draw(frame, model, colours)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for row in buffer.content().chunks(100) {
            let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        (text, buffer.content().iter().any(|cell| cell.fg != Color::Reset))
    }

    #[test]
    fn streams_and_consumers_are_drawn_the_worst_first() {
        let (text, has_colours) = drawn(&model(), Colours(true));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "pubsub top  2 streams, 2 consumers  105 stored/s  lag 260", "{text}");
        let words = |line: &str| {
            line.replace(['\u{2502}', '|'], " ").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(words(lines[2]), ["STREAM", "STORED/S", "MESSAGES", "SIZE", "CONSUMERS"], "{text}");
        assert_eq!(words(lines[3]), ["RIDE", "100", "300", "29.30", "KiB", "0"], "{text}");
        let billing = lines.iter().find(|line| line.contains("RIDE/billing")).unwrap();
        assert_eq!(words(billing), ["RIDE/billing", "260", "+100", "0", "0", "0", "unread"], "{text}");
        assert!(lines[15].starts_with("q quit"), "{text}");
        assert!(has_colours);
    }

    #[test]
    fn no_colours_where_nobody_wants_them_and_trouble_in_the_last_line() {
        let mut model = model();
        model.see(Err("no answer\u{1b}[2J".to_owned()));
        let (text, has_colours) = drawn(&model, Colours(false));
        assert!(text.lines().last().unwrap().starts_with("no answer\\u{1b}[2J"), "{text}");
        assert!(!has_colours);
    }

    #[test]
    fn a_small_terminal_is_no_trouble() {
        for (width, height) in [(1, 1), (10, 3), (40, 7)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| draw(frame, &model(), Colours(true))).unwrap();
        }
    }

    #[test]
    fn before_the_first_look_it_says_so() {
        assert!(drawn(&Model::default(), Colours(true)).0.starts_with("pubsub top  looking..."));
    }
}
