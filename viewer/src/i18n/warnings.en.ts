/** English texts of flood warnings. */
export const warningsEn = {
  'warnings.title': 'Warnings by sub-basin',
  'warnings.legend': 'Warning levels, from a depth on',
  'warnings.from': '{name}: {depth}',
  'warnings.level': 'Warning level',
  'warnings.level.none': 'None',
  'warnings.level.unknown': 'Unknown',
  'warnings.basin': 'Sub-basin {number}',
  'warnings.depth': 'Expected depth',
  'warnings.error': '{depth} ± {error}',
  'warnings.area': 'Area',
  'warnings.list': { one: '{count} sub-basin with a warning', other: '{count} sub-basins with a warning' },
  'warnings.more': '{count} more',
  'warnings.fewer': 'Fewer',
  'warnings.calm': 'No sub-basin has a warning.',
  'warnings.routes': { one: '{count} way to a shelter', other: '{count} ways to shelters' },
  'warnings.without': {
    one: '{count} warned building has no dry way to a shelter',
    other: '{count} warned buildings have no dry way to a shelter',
  },
  'warnings.forecast': 'Rain {rain}, streams {rise} higher; issued {issued}, until {until}',
  'warnings.beyond':
    'The forecast lies outside the scenario library; the nearest scenario stands in, so depths may be too small.',
  'warnings.simulated': 'A depth that 5 % of the open ground of the sub-basin exceeds, from this simulation.',
  'warnings.answered':
    'A depth that 5 % of the open ground of the sub-basin exceeds, from the scenario library; ± is its error (root mean square) against full runs.',
};
