// The tables of the mock: small stand-ins for the built-in tables, and a reader of plain CSV files.

/** Uniform random numbers from 0 to 1 (mulberry32). */
export const randomFrom = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

/** @param {() => number} random */
export const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const plane = (name, title, about, row) => ({
  name, title, about, task: 'classification', unit: '', target: 'color', columns: ['x', 'y'], classes: ['blue', 'orange'], rows: 400,
  make: (random, i) => row(random, i),
});

const spiral = plane('spiral', 'Two spirals', 'Two arms that wind around each other.', (random, i) => {
  const turn = 0.4 + random() * 4.2;
  const angle = turn + (i % 2) * Math.PI;
  return { cells: [turn * Math.cos(angle) + 0.1 * normal(random), turn * Math.sin(angle) + 0.1 * normal(random)], target: i % 2 };
});
const circles = plane('circles', 'Circles', 'A disk inside a ring.', (random, i) => {
  const radius = i % 2 ? 1.2 * random() : 2 + random();
  const angle = 2 * Math.PI * random();
  return { cells: [radius * Math.cos(angle), radius * Math.sin(angle)], target: i % 2 };
});
const xor = plane('xor', 'XOR', 'The class is the product of two signs.', (random) => {
  const cells = [random() * 2 - 1, random() * 2 - 1];
  return { cells, target: Number(cells[0] * cells[1] > 0) };
});
const line = { name: 'line', title: 'A noisy line', about: 'A straight line with noise.', task: 'regression', unit: '', target: 'y', columns: ['x'],
  classes: [], rows: 200, make: (random) => {
    const x = random() * 4 - 2;
    return { cells: [x], target: 1.5 * x + 0.5 + 0.4 * normal(random) };
  } };

const PLACES = [['Old Town', 90], ['North Ames', 120], ['College Creek', 150], ['Northridge', 220]];
const houses = { name: 'houses', title: 'Houses in Ames', about: 'Sales of houses: what did each sell for?', task: 'regression', unit: '$', target: 'Sale price',
  columns: ['Square feet', 'Bedrooms', 'Neighborhood'], classes: [], rows: 600, make: (random, i) => {
    const feet = Math.round(700 + 1600 * random());
    const [place, dollars] = PLACES[i % PLACES.length];
    return { cells: [feet, 1 + Math.floor(random() * 4), place], target: Math.round(20000 + feet * dollars * (1 + 0.1 * normal(random))) };
  } };

const kinds = (name, title, columns, classes) => ({ name, title, about: `Which ${name === 'seeds' ? 'variety' : 'species'} is it?`, task: 'classification', unit: '',
  target: name === 'seeds' ? 'variety' : 'species', columns, classes, rows: 210, make: (random, i) => ({
    cells: columns.map((_, j) => ((i % 3) * (j + 1)) % 3 + 0.6 * normal(random)), target: i % 3 }) });
const penguins = kinds('penguins', 'Penguins', ['bill length', 'bill depth', 'flipper length', 'body mass'], ['Adelie', 'Chinstrap', 'Gentoo']);
const seeds = kinds('seeds', 'Wheat seeds', ['area', 'perimeter', 'asymmetry'], ['Kama', 'Rosa', 'Canadian']);

export const TABLES = [spiral, circles, xor, line, houses, penguins, seeds];

/** @param {typeof houses} table */
export const rowsOf = (table) => {
  const random = randomFrom(7);
  return Array.from({ length: table.rows }, (_, i) => table.make(random, i));
};

/**
 * The cells of a CSV file without quotes.
 * @param {Uint8Array} bytes
 * @param {string} name
 */
export const readCsv = (bytes, name) => {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/).filter(Boolean).map((text) => text.split(','));
  if (lines.length < 3) throw new Error(`${name} has no rows. A table has a line of column names, and a line for each row.`);
  if (lines.length > 100_001) throw new Error(`${name} has more than 100,000 rows.`);
  const [head, ...rows] = lines;
  rows.forEach((row, i) => {
    if (row.length !== head.length) throw new Error(`${name}, line ${i + 2}: the row has ${row.length} cells instead of ${head.length}.`);
  });
  return { head, rows };
};

/** The columns of a table as `describe` reports them. */
export const describeColumns = ({ head, rows }) => head.map((name, j) => {
  const values = [...new Set(rows.map((row) => row[j]))];
  const kind = values.every((value) => value !== '' && Number.isFinite(Number(value))) ? 'numeric' : 'categorical';
  return { name, kind, missing: rows.filter((row) => row[j] === '').length, distinct: values.length, values: values.slice(0, 3), note: '' };
});

/** A table like the built-in ones, from a CSV file. */
export const tableOf = (csv, name, target) => {
  const columns = describeColumns(csv);
  const at = csv.head.indexOf(target);
  if (at < 0) throw new Error(`${name} has no column “${target}”.`);
  const classes = columns[at].kind === 'numeric' ? [] : [...new Set(csv.rows.map((row) => row[at]))].sort();
  const cell = (text, j) => (columns[j].kind === 'numeric' ? Number(text) : text);
  return { name: '', title: name, about: '', task: classes.length > 0 ? 'classification' : 'regression', unit: '', target,
    columns: csv.head.filter((_, j) => j !== at), classes, rows: csv.rows.length,
    make: (_, i) => ({ cells: csv.rows[i].map(cell).filter((__, j) => j !== at),
      target: classes.length > 0 ? classes.indexOf(csv.rows[i][at]) : Number(csv.rows[i][at]) }) };
};
