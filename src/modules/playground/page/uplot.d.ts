/** The file that the service serves, by the address that a browser asks for it. */
declare module '*/uplot/uPlot.esm.js' {
  import uPlot from 'uplot';
  export default uPlot;
}
