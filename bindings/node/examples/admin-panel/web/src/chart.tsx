import { BarController, BarElement, CategoryScale, Chart, LinearScale, Tooltip } from 'chart.js';
import { useEffect, useRef } from 'preact/hooks';

import { useTexts } from './i18n';

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip);

/** Bars, one a name. What they show is in a table beside, for who does not see them. */
export function Bars({ values, label, theme }: { values: [string, number][]; label: string; theme: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { number } = useTexts();
  useEffect(() => {
    if (!canvas.current) return undefined;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const ticks = { color: colour('--quiet'), font: { family: getComputedStyle(document.body).fontFamily, size: 12 } };
    const chart = new Chart(canvas.current, {
      type: 'bar',
      data: {
        labels: values.map(([name]) => name),
        datasets: [
          { label, data: values.map(([, value]) => value), backgroundColor: colour('--accent'), borderRadius: 3, maxBarThickness: 18 },
        ],
      },
      options: {
        indexAxis: 'y',
        animation: false,
        maintainAspectRatio: false,
        plugins: { tooltip: { callbacks: { label: (item) => number(Number(item.raw)) } } },
        scales: {
          x: { beginAtZero: true, ticks: { ...ticks, precision: 0 }, grid: { color: colour('--line') } },
          y: { ticks: { ...ticks, autoSkip: false }, grid: { display: false } },
        },
      },
    });
    return () => chart.destroy();
  }, [values, label, theme]);
  return (
    <div class="chart" ref={(element) => element?.style.setProperty('height', `${60 + values.length * 24}px`)}>
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}
