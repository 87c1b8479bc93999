//! Small buttons with a drawn symbol or a word.

use egui::{Align2, Color32, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, pos2, vec2};

use crate::editor::theme;

/// What a button shows.
#[derive(Clone, Copy, Debug)]
pub enum Sign<'a> {
    /// An arrow that points left.
    Previous,
    /// An arrow that points right.
    Next,
    /// A circle with an arrow head, for listing something again.
    Refresh,
    /// A word, for an action.
    Word(&'a str),
    /// A word and a triangle, for the choice from a list.
    Menu(&'a str),
}

fn arrow(painter: &Painter, rect: Rect, side: f32, stroke: Stroke) {
    let center = rect.center();
    let points = [vec2(-2.0, -4.5), vec2(2.0, 0.0), vec2(-2.0, 4.5)];
    painter.line(points.map(|by| center + vec2(side * by.x, by.y)).to_vec(), stroke);
}

fn circle(painter: &Painter, rect: Rect, stroke: Stroke) {
    let (center, radius) = (rect.center(), 4.8);
    let points = (0..=20).map(|i| {
        let angle = std::f32::consts::TAU * (0.06 + 0.82 * i as f32 / 20.0);
        center + radius * vec2(angle.cos(), angle.sin())
    });
    let points: Vec<_> = points.collect();
    let tip = points[points.len() - 1];
    painter.line(points, stroke);
    let head = [tip + vec2(1.0, -4.0), tip + vec2(0.8, 0.6), tip + vec2(-3.6, 0.6)];
    painter.line(head.to_vec(), stroke);
}

/// Draws a small triangle around `center`. It points down for something that is open or opens below, and
/// to the right for something that is closed.
pub fn caret(painter: &Painter, center: Pos2, down: bool, color: Color32) {
    let corners = if down {
        [vec2(-3.5, -2.0), vec2(3.5, -2.0), vec2(0.0, 2.5)]
    } else {
        [vec2(-2.0, -3.5), vec2(2.5, 0.0), vec2(-2.0, 3.5)]
    };
    let corners = corners.map(|by| center + by).to_vec();
    painter.add(egui::Shape::convex_polygon(corners, color, Stroke::NONE));
}

/// Draws a button that fills `rect`. `salt` has to differ from that of the other buttons, and `hint` is
/// the tooltip.
pub fn show(ui: &Ui, rect: Rect, salt: &str, sign: Sign, hint: &str) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(salt), Sense::click());
    let lit = response.hovered();
    let painter = ui.painter();
    if lit || matches!(sign, Sign::Word(_) | Sign::Menu(_)) {
        let fill = if lit { theme::LIT } else { theme::RAISED };
        painter.rect_filled(rect, theme::CORNER, fill);
    }
    let stroke = Stroke::new(1.5, if lit { theme::TEXT } else { theme::SECONDARY });
    match sign {
        Sign::Previous => arrow(painter, rect, -1.0, stroke),
        Sign::Next => arrow(painter, rect, 1.0, stroke),
        Sign::Refresh => circle(painter, rect, stroke),
        Sign::Word(word) => {
            let at = rect.center();
            painter.text(at, Align2::CENTER_CENTER, word, theme::small(), theme::TEXT);
        }
        Sign::Menu(word) => {
            let at = pos2(rect.left() + 8.0, rect.center().y);
            painter.text(at, Align2::LEFT_CENTER, word, theme::small(), theme::TEXT);
            caret(painter, pos2(rect.right() - 11.0, at.y), true, theme::SECONDARY);
        }
    }
    response.on_hover_text(hint)
}
