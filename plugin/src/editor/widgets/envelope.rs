//! A drawing of the envelope with handles to drag, and its values to type.

use egui::{Align2, PointerButton, Pos2, Rect, Sense, Stroke, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use crate::editor::control::{self, Control};
use crate::editor::theme;
use crate::editor::widgets::{turn, value};

/// Height of the values below the drawing, points.
const VALUES_HEIGHT: f32 = 18.0;
/// Width of the sustained part when all times are at their longest, where the longest attack, decay or
/// release is 1 wide.
const SUSTAIN_WIDTH: f32 = 0.4;
/// The number of points in each of the three curves.
const POINTS: usize = 24;

/// The parameters of the envelope.
pub struct EnvelopeControls<'a> {
    /// The time from silence to full level.
    pub attack: &'a dyn Control,
    /// The time from full level to the sustained level.
    pub decay: &'a dyn Control,
    /// The level while a key is held.
    pub sustain: &'a dyn Control,
    /// The time from the release of a key to silence.
    pub release: &'a dyn Control,
}

/// A handle of the drawing. The one at the sustained level moves the decay too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handle {
    Attack,
    Sustain,
    Release,
}

const HANDLES: [Handle; 3] = [Handle::Attack, Handle::Sustain, Handle::Release];

/// An envelope as positions of its parameters, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shape {
    attack: f32,
    decay: f32,
    sustain: f32,
    release: f32,
}

impl Shape {
    fn of(contour: &EnvelopeControls) -> Self {
        Self {
            attack: contour.attack.position(),
            decay: contour.decay.position(),
            sustain: contour.sustain.position(),
            release: contour.release.position(),
        }
    }

    /// The point at which a handle is drawn.
    fn point(&self, area: Rect, handle: Handle) -> Pos2 {
        let part = part(area);
        let top = area.left() + part * self.attack;
        match handle {
            Handle::Attack => pos2(top, area.top()),
            Handle::Sustain => {
                pos2(top + part * self.decay, area.bottom() - self.sustain * area.height())
            }
            Handle::Release => pos2(release_from(area) + part * self.release, area.bottom()),
        }
    }

    /// The envelope after a handle was dragged by `by` points.
    fn moved(mut self, area: Rect, handle: Handle, by: egui::Vec2) -> Self {
        let (along, up) = (by.x / part(area), -by.y / area.height().max(1.0));
        match handle {
            Handle::Attack => self.attack = (self.attack + along).clamp(0.0, 1.0),
            Handle::Release => self.release = (self.release + along).clamp(0.0, 1.0),
            Handle::Sustain => {
                self.decay = (self.decay + along).clamp(0.0, 1.0);
                self.sustain = (self.sustain + up).clamp(0.0, 1.0);
            }
        }
        self
    }

    /// The handle that is nearest to a point.
    fn nearest(&self, area: Rect, at: Pos2) -> Handle {
        let distance = |handle| self.point(area, handle).distance_sq(at);
        // Where handles coincide, the one for sustain comes first because it moves in both directions.
        let order = [Handle::Sustain, Handle::Attack, Handle::Release];
        order.into_iter().min_by(|&a, &b| distance(a).total_cmp(&distance(b))).unwrap_or(order[0])
    }

    /// The line from silence over the sustained level to silence.
    fn curve(&self, area: Rect) -> Vec<Pos2> {
        let full = self.point(area, Handle::Attack);
        let held = self.point(area, Handle::Sustain);
        let end = self.point(area, Handle::Release);
        let let_go = pos2(release_from(area).max(held.x), held.y);
        let start = area.left_bottom();
        let mut points = Vec::with_capacity(3 * POINTS + 3);
        for (from, to) in [(start, full), (full, held), (let_go, end)] {
            points.extend((0..=POINTS).map(|i| {
                let t = i as f32 / POINTS as f32;
                // The engine's level approaches its target by the same share in equal times.
                let gone = (1.0 - (-4.0 * t).exp()) / (1.0 - (-4.0f32).exp());
                pos2(from.x + t * (to.x - from.x), from.y + gone * (to.y - from.y))
            }));
        }
        points
    }
}

/// Width of the longest attack, decay or release, points.
fn part(area: Rect) -> f32 {
    (area.width() / (3.0 + SUSTAIN_WIDTH)).max(1.0)
}

/// Where the release begins, points.
fn release_from(area: Rect) -> f32 {
    area.left() + (2.0 + SUSTAIN_WIDTH) * part(area)
}

/// The parameters that a handle moves.
fn parameters<'a>(contour: &EnvelopeControls<'a>, handle: Handle) -> Vec<&'a dyn Control> {
    match handle {
        Handle::Attack => vec![contour.attack],
        Handle::Sustain => vec![contour.decay, contour.sustain],
        Handle::Release => vec![contour.release],
    }
}

/// Draws an envelope that fills `rect`.
pub fn show(ui: &mut Ui, rect: Rect, contour: &EnvelopeControls, setter: &ParamSetter) {
    let frame = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - VALUES_HEIGHT));
    let area = frame.shrink(8.0);
    let id = ui.scope_id().with("envelope");
    let response = ui.interact(frame, id, Sense::click_and_drag());
    let primary = PointerButton::Primary;
    let shape = Shape::of(contour);
    let pointer = response.interact_pointer_pos().or_else(|| response.hover_pos());
    let near = pointer.map(|at| shape.nearest(area, at));
    let dragged: Option<(Handle, Shape)> = ui.data(|data| data.get_temp(id));
    if response.drag_started_by(primary) {
        let origin = ui.input(|input| input.pointer.press_origin()).or(pointer);
        let handle = origin.map_or(Handle::Attack, |at| shape.nearest(area, at));
        parameters(contour, handle).iter().for_each(|control| control.begin(setter));
        ui.data_mut(|data| data.insert_temp(id, (handle, shape)));
    } else if response.dragged_by(primary)
        && let Some((handle, shape)) = dragged
    {
        let fine = ui.input(|input| input.modifiers.shift);
        let by = response.drag_delta() * if fine { turn::FINE } else { 1.0 };
        let shape = shape.moved(area, handle, by);
        ui.data_mut(|data| data.insert_temp(id, (handle, shape)));
        match handle {
            Handle::Attack => contour.attack.move_to(setter, shape.attack),
            Handle::Release => contour.release.move_to(setter, shape.release),
            Handle::Sustain => {
                contour.decay.move_to(setter, shape.decay);
                contour.sustain.move_to(setter, shape.sustain);
            }
        }
    } else if response.drag_stopped_by(primary)
        && let Some((handle, _)) = dragged
    {
        parameters(contour, handle).iter().for_each(|control| control.end(setter));
    }
    if response.double_clicked()
        && let Some(handle) = near
    {
        for control in parameters(contour, handle) {
            control::set(control, setter, control.default_position());
        }
    }
    let lit = if response.dragged() { dragged.map(|(handle, _)| handle) } else { near };
    draw(ui, area, &shape, lit);
    values(ui, Rect::from_min_max(pos2(rect.left(), frame.bottom()), rect.max), contour, setter);
}

fn draw(ui: &Ui, area: Rect, shape: &Shape, lit: Option<Handle>) {
    let painter = ui.painter();
    painter.rect_filled(area.expand(8.0), theme::CORNER, theme::GROUND);
    let curve = shape.curve(area);
    let under = theme::mix(theme::GROUND, theme::ACCENT, 0.12);
    let mut mesh = egui::Mesh::default();
    for at in &curve {
        mesh.colored_vertex(*at, under);
        mesh.colored_vertex(pos2(at.x, area.bottom()), theme::GROUND);
    }
    for i in 1..curve.len() as u32 {
        mesh.add_triangle(2 * i - 2, 2 * i - 1, 2 * i);
        mesh.add_triangle(2 * i - 1, 2 * i, 2 * i + 1);
    }
    painter.add(mesh);
    painter.line(curve, Stroke::new(1.8, theme::ACCENT));
    for handle in HANDLES {
        let at = shape.point(area, handle);
        let is_lit = lit == Some(handle);
        let color = if is_lit { theme::ACCENT } else { theme::TEXT };
        painter.circle_filled(at, if is_lit { 5.5 } else { 4.0 }, color);
        painter.circle_stroke(at, if is_lit { 5.5 } else { 4.0 }, Stroke::new(1.5, theme::GROUND));
    }
}

fn values(ui: &mut Ui, row: Rect, contour: &EnvelopeControls, setter: &ParamSetter) {
    let all = [
        ("A", contour.attack),
        ("D", contour.decay),
        ("S", contour.sustain),
        ("R", contour.release),
    ];
    let width = row.width() / all.len() as f32;
    for (i, (name, control)) in all.into_iter().enumerate() {
        let cell = Rect::from_min_size(
            row.left_top() + vec2(i as f32 * width, 2.0),
            vec2(width, row.height() - 2.0),
        );
        let at = pos2(cell.left() + 4.0, cell.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, name, theme::small(), theme::SECONDARY);
        let id = ui.scope_id().with(control.full_name());
        value::show(ui, cell.with_min_x(cell.left() + 14.0), id, control, setter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { attack: 0.2, decay: 0.4, sustain: 0.7, release: 0.5 };

    fn area() -> Rect {
        Rect::from_min_size(pos2(10.0, 20.0), vec2(340.0, 100.0))
    }

    #[test]
    fn handles_are_found_where_they_are_drawn() {
        for handle in HANDLES {
            let at = SHAPE.point(area(), handle);
            assert_eq!(SHAPE.nearest(area(), at + vec2(2.0, -2.0)), handle);
            assert!(area().expand(0.01).contains(at), "{handle:?} {at:?}");
        }
    }

    #[test]
    fn drags_move_their_own_parameters_and_stop_at_the_ends() {
        let moved = SHAPE.moved(area(), Handle::Attack, vec2(10.0, 50.0));
        assert!((moved.attack - 0.3).abs() < 1e-5);
        assert_eq!(Shape { attack: SHAPE.attack, ..moved }, SHAPE);
        let moved = SHAPE.moved(area(), Handle::Sustain, vec2(-1000.0, 20.0));
        assert!((moved.sustain - 0.5).abs() < 1e-5 && moved.decay == 0.0);
        let moved = SHAPE.moved(area(), Handle::Release, vec2(1000.0, 0.0));
        assert_eq!(moved.release, 1.0);
        // A handle stays under the pointer.
        let by = vec2(7.0, -9.0);
        let went = SHAPE.moved(area(), Handle::Sustain, by).point(area(), Handle::Sustain)
            - SHAPE.point(area(), Handle::Sustain);
        assert!((went - by).length() < 1e-3);
    }

    #[test]
    fn the_curve_goes_from_silence_to_silence_and_never_back() {
        for shape in [SHAPE, Shape { attack: 1.0, decay: 1.0, sustain: 1.0, release: 1.0 }] {
            let curve = shape.curve(area());
            assert_eq!((curve[0].y, curve[curve.len() - 1].y), (area().bottom(), area().bottom()));
            assert!(curve.windows(2).all(|pair| pair[1].x >= pair[0].x - 1e-3));
        }
    }
}
