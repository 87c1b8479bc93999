//! The scope: the waveform over time, and the levels of the partials below it.

use egui::{Align2, Mesh, Painter, Pos2, Rect, Stroke, Ui, pos2};

use super::{panel, pitch_name};
use crate::editor::theme;
use crate::editor::waterfall::{LINES, Waterfall};

/// The share of the height that the partials take.
const SPECTRUM_SHARE: f32 = 0.24;
/// Perspective: the last line is smaller than the first by a factor of 1 + `DEPTH`.
const DEPTH: f32 = 1.15;

/// A perspective view of the lines, from the front and a little from above.
#[derive(Clone, Copy, Debug)]
struct View {
    area: Rect,
}

impl View {
    /// The scale at a depth, from 0 (the newest line) to 1.
    fn scale(depth: f32) -> f32 {
        1.0 / (1.0 + DEPTH * depth)
    }

    /// The point on the screen that is `along` a line (0 to 1), at a `height` (-1 to 1).
    fn point(&self, along: f32, height: f32, depth: f32) -> Pos2 {
        let scale = Self::scale(depth);
        // 0 at the front and 1 at the back. It grows more slowly with distance, as in perspective.
        let back = (1.0 - scale) / (1.0 - Self::scale(1.0));
        let (width, tall) = (self.area.width(), self.area.height());
        let middle = self.area.left() + width * (0.43 + 0.17 * back);
        let base = self.area.bottom() - tall * (0.25 + 0.6 * back);
        let across = (along - 0.5) * 0.84 * width * scale;
        pos2(middle + across, base - height * 0.245 * tall * scale)
    }
}

/// Draws the scope.
pub fn show(ui: &Ui, rect: Rect, waterfall: &Waterfall) {
    let inner = panel(ui, rect, "Waveform over time");
    let painter = ui.painter().with_clip_rect(rect);
    let f0_hz = waterfall.f0_hz();
    if f0_hz > 0.0 {
        let at = pos2(rect.right() - theme::INSET, rect.top() + theme::INSET + 6.0);
        let text = format!("{} \u{b7} {f0_hz:.1} Hz", pitch_name(f0_hz));
        painter.text(at, Align2::RIGHT_CENTER, text, theme::small(), theme::SECONDARY);
    }
    let split = inner.bottom() - SPECTRUM_SHARE * inner.height();
    let upper = Rect::from_min_max(inner.min, pos2(inner.right(), split - 6.0));
    lines(&painter, &View { area: upper }, waterfall);
    let lower = Rect::from_min_max(pos2(inner.left(), split), inner.max);
    partials(&painter, lower, waterfall.bars());
}

/// Draws the lines, the oldest first.
fn lines(painter: &Painter, view: &View, waterfall: &Waterfall) {
    let all = waterfall.lines();
    // The lines move backwards a little in each frame, not by a whole step when a new one comes.
    let fraction = waterfall.fraction();
    for (i, line) in all.enumerate().collect::<Vec<_>>().into_iter().rev() {
        let depth = if i == 0 { 0.0 } else { (i as f32 - 1.0 + fraction) / LINES as f32 };
        if depth > 1.0 {
            continue;
        }
        let last = line.len().saturating_sub(1).max(1) as f32;
        let points: Vec<Pos2> = line
            .iter()
            .enumerate()
            .map(|(n, &height)| view.point(n as f32 / last, height, depth))
            .collect();
        // An area in the colour of the background hides the lines behind this one.
        let foot = view.point(0.5, -1.15, depth).y;
        let mut ground = Mesh::default();
        for at in &points {
            ground.colored_vertex(*at, theme::PANEL);
            ground.colored_vertex(pos2(at.x, foot.max(at.y)), theme::PANEL);
        }
        for n in 1..points.len() as u32 {
            ground.add_triangle(2 * n - 2, 2 * n - 1, 2 * n);
            ground.add_triangle(2 * n - 1, 2 * n, 2 * n + 1);
        }
        painter.add(ground);
        let stroke = if i == 0 {
            Stroke::new(2.2, theme::ACCENT)
        } else {
            let near = (1.0 - depth).powf(1.3);
            Stroke::new(0.7 + 0.7 * near, theme::mix(theme::PANEL, theme::TEAL, 0.1 + 0.85 * near))
        };
        painter.line(points, stroke);
    }
}

/// Draws a bar for each partial.
fn partials(painter: &Painter, area: Rect, bars: &[f32]) {
    let axis = area.bottom() - 13.0;
    let tall = axis - area.top();
    for share in [0.25, 0.5, 0.75, 1.0] {
        let y = axis - share * tall;
        painter.hline(area.x_range(), y, Stroke::new(1.0, theme::RAIL));
    }
    let step = area.width() / bars.len().max(1) as f32;
    for (i, &bar) in bars.iter().enumerate() {
        let left = area.left() + i as f32 * step;
        let column = Rect::from_min_max(
            pos2(left + 0.15 * step, axis - bar * tall),
            pos2(left + 0.85 * step, axis),
        );
        if bar > 0.0 {
            painter.rect_filled(
                column,
                1.0,
                theme::mix(theme::RAIL, theme::TEAL, 0.35 + 0.65 * bar),
            );
        }
    }
    painter.hline(area.x_range(), axis, Stroke::new(1.0, theme::TRAINED));
    let label = |x: f32, align, text: String| {
        painter.text(
            pos2(x, axis + 8.0),
            align,
            text,
            egui::FontId::proportional(10.0),
            theme::SECONDARY,
        );
    };
    for partial in [1usize, 8, 16, 24, 32, 48, 64] {
        if partial <= bars.len() {
            let x = area.left() + (partial as f32 - 0.5) * step;
            label(x, Align2::CENTER_CENTER, partial.to_string());
        }
    }
    let at = pos2(area.right(), area.top() + 7.0);
    painter.text(
        at,
        Align2::RIGHT_CENTER,
        "Partials \u{b7} 20 dB a line",
        egui::FontId::proportional(10.0),
        theme::SECONDARY,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    #[test]
    fn lines_stay_within_their_area_and_recede() {
        let area = Rect::from_min_size(pos2(10.0, 10.0), vec2(600.0, 300.0));
        let view = View { area };
        for depth in [0.0, 0.5, 1.0] {
            for (along, height) in [(0.0, 1.0), (1.0, 1.0), (0.0, -1.0), (1.0, -1.0)] {
                let at = view.point(along, height, depth);
                assert!(area.contains(at), "{along} {height} {depth}: {at:?}");
            }
        }
        let width = |depth| view.point(1.0, 0.0, depth).x - view.point(0.0, 0.0, depth).x;
        assert!(width(1.0) < width(0.5) && width(0.5) < width(0.0));
        assert!(view.point(0.5, 0.0, 1.0).y < view.point(0.5, 0.0, 0.0).y);
    }
}
