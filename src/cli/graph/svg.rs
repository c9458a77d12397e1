//! A pipeline as an SVG image: a column for each stage, a box for each job, a line for each need.

use std::fmt::Write as _;

use crate::foreign::xml_text;
use crate::report::text::width;

use super::picture::{Node, Picture};

/// Pixels that a column of text takes, and the sizes of boxes and of the space between them.
const CHARACTER: usize = 8;
const PADDING: usize = 12;
const LINE: usize = 18;
const GAP: usize = 14;
const BETWEEN: usize = 70;
const MARGIN: usize = 20;
const HEADING: usize = 34;

/// Where a box stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// The text of the image.
pub(in super::super) fn svg(picture: &Picture) -> String {
    let (places, columns) = places(picture);
    let right = columns.last().map_or(0, |column| column.x + column.width);
    let bottom = places.iter().map(|place| place.y + place.height).max();
    let (width, height) = (
        right.max(MARGIN) + MARGIN,
        bottom.unwrap_or(HEADING) + MARGIN,
    );
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (column, stage) in columns.iter().zip(&picture.stages) {
        let _ = writeln!(
            text,
            "<text x=\"{}\" y=\"{}\" font-weight=\"bold\" fill=\"#303030\">{}</text>",
            column.x,
            MARGIN + 10,
            xml_text(&stage.name)
        );
    }
    for pair in columns.windows(2) {
        let (from, to) = (pair[0].x + pair[0].width, pair[1].x);
        let y = MARGIN + 6;
        let _ = writeln!(
            text,
            "<path d=\"M{} {y} H{}\" stroke=\"#b0b0b0\" stroke-dasharray=\"3 3\" fill=\"none\"/>",
            from + 6,
            to - 6
        );
    }
    for (from, to) in &picture.needs {
        text.push_str(&edge(places[*from], places[*to]));
    }
    for (node, place) in picture.nodes.iter().zip(&places) {
        text.push_str(&shape(node, *place));
    }
    text.push_str("</svg>\n");
    text
}

/// Where the boxes of all jobs and the columns of all stages stand.
fn places(picture: &Picture) -> (Vec<Place>, Vec<Place>) {
    let mut places = vec![Place::default(); picture.nodes.len()];
    let mut columns = Vec::new();
    let mut x = MARGIN;
    for stage in &picture.stages {
        let nodes = stage.nodes.iter().map(|at| &picture.nodes[*at]);
        let widest = nodes.flat_map(lines).map(|line| width(&line)).max();
        let widest = widest.unwrap_or(0).max(width(&stage.name));
        let wide = widest * CHARACTER + 2 * PADDING;
        let mut y = MARGIN + HEADING;
        for at in &stage.nodes {
            let height = lines(&picture.nodes[*at]).count() * LINE + PADDING;
            places[*at] = Place {
                x,
                y,
                width: wide,
                height,
            };
            y += height + GAP;
        }
        columns.push(Place {
            x,
            y: MARGIN,
            width: wide,
            height: y,
        });
        x += wide + BETWEEN;
    }
    (places, columns)
}

fn lines(node: &Node) -> impl Iterator<Item = String> {
    [node.label()].into_iter().chain(node.notes())
}

fn shape(node: &Node, place: Place) -> String {
    let Place {
        x,
        y,
        width,
        height,
    } = place;
    let dashes = if node.is_automatic() {
        ""
    } else {
        " stroke-dasharray=\"5 3\""
    };
    let mut text = format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" \
         fill=\"#f4f6fa\" stroke=\"#5070a0\"{dashes}/>\n"
    );
    for (number, line) in lines(node).enumerate() {
        let fill = if number == 0 { "#202020" } else { "#707070" };
        let _ = writeln!(
            text,
            "<text x=\"{}\" y=\"{}\" fill=\"{fill}\">{}</text>",
            x + PADDING,
            y + PADDING / 2 + LINE * number + 13,
            xml_text(&line)
        );
    }
    text
}

/// A line from the right side of what ends to the left side of what begins; inside of a stage,
/// around the right sides.
fn edge(from: Place, to: Place) -> String {
    let (start_x, start_y) = (from.x + from.width, from.y + from.height / 2);
    let is_same_column = from.x == to.x;
    let end_x = if is_same_column {
        to.x + to.width
    } else {
        to.x
    };
    let end_y = to.y + to.height / 2;
    let bend = BETWEEN / 2;
    let second = if is_same_column {
        end_x + bend
    } else {
        end_x.saturating_sub(bend)
    };
    format!(
        "<path d=\"M{start_x} {start_y} C{} {start_y} {second} {end_y} {end_x} {end_y}\" \
         stroke=\"#8090a8\" fill=\"none\"/>\n<circle cx=\"{end_x}\" cy=\"{end_y}\" r=\"3\" fill=\"#5070a0\"/>\n",
        start_x + bend
    )
}
