//! The output's level, left above right.

use egui::{Mesh, Painter, Rect, pos2};

use crate::editor::theme;

/// Lowest level that is shown, dB.
const FLOOR_DB: f32 = -60.0;
/// How fast the meter falls, dB a second.
const FALL_DB: f32 = 24.0;
/// How long the mark of the highest level stands, s.
const HOLD_S: f32 = 1.5;

/// One channel's level, which rises at once and falls slowly.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    now_db: f32,
    highest_db: f32,
    since_s: f32,
}

impl Default for Level {
    fn default() -> Self {
        Self { now_db: FLOOR_DB, highest_db: FLOOR_DB, since_s: 0.0 }
    }
}

impl Level {
    /// Takes the peak amplitude of the last `passed_s` seconds.
    pub fn take(&mut self, peak: f32, passed_s: f32) {
        let peak_db = if peak > 0.0 { 20.0 * peak.log10() } else { FLOOR_DB };
        self.now_db = peak_db.max(self.now_db - FALL_DB * passed_s).max(FLOOR_DB);
        self.since_s += passed_s;
        if self.now_db >= self.highest_db || self.since_s > HOLD_S {
            (self.highest_db, self.since_s) = (self.now_db, 0.0);
        }
    }

    /// Whether it stands still at the bottom.
    pub fn is_at_rest(&self) -> bool {
        self.now_db <= FLOOR_DB && self.highest_db <= FLOOR_DB
    }

    /// Whether the highest level is beyond full scale.
    pub fn is_over(&self) -> bool {
        self.highest_db > 0.0
    }
}

/// Place of a level on the meter, 0 .. 1, the right end being +6 dB.
fn place(level_db: f32) -> f32 {
    ((level_db - FLOOR_DB) / (6.0 - FLOOR_DB)).clamp(0.0, 1.0)
}

/// Draws both channels in `rect`.
pub fn show(painter: &Painter, rect: Rect, levels: &[Level; 2]) {
    let height = (rect.height() - 2.0) / 2.0;
    for (i, level) in levels.iter().enumerate() {
        let top = rect.top() + i as f32 * (height + 2.0);
        let bar = Rect::from_x_y_ranges(rect.x_range(), top..=top + height);
        painter.rect_filled(bar, 1.5, theme::RAIL);
        let x = |at: f32| bar.left() + at * bar.width();
        // Teal up to -18 dB, amber towards full scale, red above it.
        let stops = [
            (0.0, theme::TEAL),
            (place(-18.0), theme::TEAL),
            (place(-3.0), theme::ACCENT),
            (place(0.0), theme::ERROR),
            (1.0, theme::ERROR),
        ];
        let reached = place(level.now_db);
        let mut mesh = Mesh::default();
        for pair in stops.windows(2) {
            let [(from, first), (to, last)] = [pair[0], pair[1]];
            if reached <= from {
                break;
            }
            let end = to.min(reached);
            let last = theme::mix(first, last, (end - from) / (to - from));
            let base = mesh.vertices.len() as u32;
            for (at, color) in [(from, first), (end, last)] {
                mesh.colored_vertex(pos2(x(at), bar.top()), color);
                mesh.colored_vertex(pos2(x(at), bar.bottom()), color);
            }
            mesh.add_triangle(base, base + 1, base + 2);
            mesh.add_triangle(base + 1, base + 2, base + 3);
        }
        painter.add(mesh);
        if level.highest_db > FLOOR_DB {
            let color = if level.is_over() { theme::ERROR } else { theme::TEXT };
            let at = x(place(level.highest_db));
            painter.vline(at, bar.y_range(), egui::Stroke::new(1.5, color));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_at_once_falls_slowly_and_remembers_the_highest() {
        let mut level = Level::default();
        assert!(level.is_at_rest());
        level.take(1.0, 0.016);
        assert_eq!(level.now_db, 0.0);
        level.take(0.0, 0.5);
        assert_eq!((level.now_db, level.highest_db), (-12.0, 0.0));
        level.take(0.0, 1.1);
        assert!(level.highest_db < -30.0, "{level:?}");
        for _ in 0..200 {
            level.take(0.0, 0.05);
        }
        assert!(level.is_at_rest());
        level.take(1.5, 0.016);
        assert!(level.is_over());
    }
}
