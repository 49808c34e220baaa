// What is counted and measured, in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats).

export class Metrics {
  #calls = new Map();
  #turnedAway = new Map();

  /** Count a call. */
  called(method, outcome) {
    count(this.#calls, `method="${method}",outcome="${outcome}"`);
  }

  /** Count a request that was not looked into. */
  turnedAway(reason) {
    count(this.#turnedAway, `reason="${reason}"`);
  }

  /**
   * Return everything as text.
   * @param {{serving: boolean, head: number, finalized: number, headAgeS: number}} state NaN for what is not known
   */
  text({ serving, head, finalized, headAgeS }) {
    return [
      gauge('helios_serving', 'Whether it is synchronised and its head is fresh.', Number(serving)),
      gauge('helios_head_block', 'Number of the newest verified block.', head),
      gauge('helios_finalized_block', 'Number of the newest finalized block.', finalized),
      gauge('helios_head_age_seconds', "Seconds since the newest verified block's time.", headAgeS),
      counter('helios_rpc_requests_total', 'Calls by method and outcome: ok, refused, failed, unverified.', this.#calls),
      counter('helios_rpc_errors_total', 'Calls that were not answered with a result.', this.#sum((key) => !key.includes('"ok"'))),
      counter(
        'helios_verification_failures_total',
        "Answers of the execution node that the verified chain does not bear out.",
        this.#sum((key) => key.includes('"unverified"')),
      ),
      counter('helios_http_rejected_total', 'Requests that were not looked into.', this.#turnedAway),
      gauge('process_resident_memory_bytes', 'Resident memory.', process.memoryUsage.rss()),
      counter('process_cpu_seconds_total', 'CPU time.', new Map([['', cpuSeconds()]])),
    ].join('');
  }

  #sum(wanted) {
    const counts = [...this.#calls].filter(([key]) => wanted(key)).map(([, value]) => value);
    return new Map([['', counts.reduce((sum, value) => sum + value, 0)]]);
  }
}

function count(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function gauge(name, help, value) {
  return series(name, help, 'gauge', new Map([['', value]]));
}

function counter(name, help, values) {
  return series(name, help, 'counter', values);
}

function series(name, help, type, values) {
  const lines = [...values].map(([labels, value]) => `${name}${labels && `{${labels}}`} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
