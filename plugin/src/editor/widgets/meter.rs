//! A meter for the level of the output, left above right.

use egui::{Mesh, Painter, Rect, pos2};

use crate::editor::theme;

/// The lowest level that is shown, dB.
const FLOOR_DB: f32 = -60.0;
/// How fast the meter falls, dB per second.
const FALL_DB: f32 = 24.0;
/// How long the mark of the highest level stays, s.
const HOLD_S: f32 = 1.5;

/// The level of one channel, which rises at once and falls slowly.
#[derive(Clone, Copy, Debug)]
pub struct LevelMeter {
    level_db: f32,
    highest_db: f32,
    /// Seconds since the highest level was reached.
    since_s: f32,
}

impl Default for LevelMeter {
    fn default() -> Self {
        Self { level_db: FLOOR_DB, highest_db: FLOOR_DB, since_s: 0.0 }
    }
}

impl LevelMeter {
    /// Takes in the peak amplitude of the last `passed_s` seconds.
    pub fn take(&mut self, peak: f32, passed_s: f32) {
        let peak_db = if peak > 0.0 { 20.0 * peak.log10() } else { FLOOR_DB };
        self.level_db = peak_db.max(self.level_db - FALL_DB * passed_s).max(FLOOR_DB);
        self.since_s += passed_s;
        if self.level_db >= self.highest_db || self.since_s > HOLD_S {
            (self.highest_db, self.since_s) = (self.level_db, 0.0);
        }
    }

    /// Whether the meter and its mark have fallen to the lowest level.
    pub fn is_at_rest(&self) -> bool {
        self.level_db <= FLOOR_DB && self.highest_db <= FLOOR_DB
    }

    /// Whether the highest level is above full scale.
    pub fn is_over(&self) -> bool {
        self.highest_db > 0.0
    }
}

/// The position of a level on the meter, 0 to 1, where 1 is +6 dB.
fn position(level_db: f32) -> f32 {
    ((level_db - FLOOR_DB) / (6.0 - FLOOR_DB)).clamp(0.0, 1.0)
}

/// Draws both channels in `rect`.
pub fn show(painter: &Painter, rect: Rect, levels: &[LevelMeter; 2]) {
    let height = (rect.height() - 2.0) / 2.0;
    for (i, level) in levels.iter().enumerate() {
        let top = rect.top() + i as f32 * (height + 2.0);
        let bar = Rect::from_x_y_ranges(rect.x_range(), top..=top + height);
        painter.rect_filled(bar, 1.5, theme::RAIL);
        let x = |at: f32| bar.left() + at * bar.width();
        // Teal up to -18 dB, amber towards full scale, red above it.
        let stops = [
            (0.0, theme::TEAL),
            (position(-18.0), theme::TEAL),
            (position(-3.0), theme::ACCENT),
            (position(0.0), theme::ERROR),
            (1.0, theme::ERROR),
        ];
        let reached = position(level.level_db);
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
            let at = x(position(level.highest_db));
            painter.vline(at, bar.y_range(), egui::Stroke::new(1.5, color));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_at_once_falls_slowly_and_remembers_the_highest() {
        let mut level = LevelMeter::default();
        assert!(level.is_at_rest());
        level.take(1.0, 0.016);
        assert_eq!(level.level_db, 0.0);
        level.take(0.0, 0.5);
        assert_eq!((level.level_db, level.highest_db), (-12.0, 0.0));
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
